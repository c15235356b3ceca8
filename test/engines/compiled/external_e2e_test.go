//go:build e2e

package compiled

import (
	"errors"
	"fmt"
	"slices"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

func externalService(spec string) string {
	return `
apiVersion: meshloom.io/v1alpha1
kind: ExternalService
metadata: {name: out}
spec: ` + spec + "\n"
}

func external() []compiled {
	const dns = "{hosts: [api.$member.example], ports: [{port: 80, protocol: HTTP}, {port: 443, protocol: TLS}], resolution: DNS}"
	one := func(name, spec string, checks ...check) compiled {
		return compiled{name: name, places: []place{inMesh}, objects: externalService(spec), checks: checks}
	}
	everywhere := one("external service of the mesh", "{hosts: [api.$member.example], ports: [{port: 80, protocol: HTTP}], resolution: DNS, scope: Mesh}",
		check{ir.ExternalMeshWide, neighbour, found("api.", clusterv3.Cluster_STRICT_DNS)})
	everywhere.objects += "---" + mesh("egress: {allowedNamespaces: {from: All}}")
	here := one("external service of a namespace", dns, check{ir.ExternalHost, neighbour, unseen})
	here.before = everywhere.objects
	return []compiled{
		one("external host by DNS", dns,
			check{ir.ExternalDNS, caller, found("api.", clusterv3.Cluster_STRICT_DNS)},
			check{ir.ExternalHost, caller, requestsGo("api.")},
			check{ir.ExternalHost, caller, serverNameGoes("api.")}),
		one("external host at addresses", "{hosts: [fix.$member.example], ports: [{port: 80, protocol: HTTP}], resolution: Static, endpoints: [{address: 198.51.100.7}, {address: 198.51.100.8}]}",
			check{ir.ExternalStatic, caller, addresses("fix.", "198.51.100.7:80", "198.51.100.8:80")}),
		one("external host as dialled", "{hosts: [any.$member.example], ports: [{port: 80, protocol: HTTP}], resolution: None}",
			check{ir.ExternalNone, caller, found("any.", clusterv3.Cluster_ORIGINAL_DST)}),
		one("external domain as dialled", `{hosts: ["*.none.$member.example"], ports: [{port: 80, protocol: HTTP}], resolution: None}`,
			check{ir.ExternalWildcard, caller, together(found("*.none.", clusterv3.Cluster_ORIGINAL_DST), requestsGo("*.none."))}),
		one("external domain by DNS", `{hosts: ["*.wild.$member.example"], ports: [{port: 80, protocol: HTTP}], resolution: DNS}`,
			check{ir.ExternalWildcard, caller, together(resolvedOnDemand("*.wild."), requestsGo("*.wild."))}),
		everywhere,
		here,
	}
}

// externalHost is the host that begins so.
func (w *world) externalHost(begin string) string { return begin + w.member + ".example" }

func (w *world) externalCluster(s *ads.Snapshot, begin string) (*clusterv3.Cluster, error) {
	name := "outbound|80||" + w.externalHost(begin)
	c, ok := s.Clusters[name]
	if !ok {
		return nil, fmt.Errorf("there is no cluster %s", name)
	}
	return c, nil
}

// found asserts how the addresses of an external host are found.
func found(begin string, by clusterv3.Cluster_DiscoveryType) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		c, err := w.externalCluster(s, begin)
		if err != nil {
			return err
		}
		return differs("discovery", c.GetType().String(), by.String())
	}
}

// resolvedOnDemand asserts that each host below a wildcard is looked up when it
// is called.
func resolvedOnDemand(begin string) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		c, err := w.externalCluster(s, begin)
		if err != nil {
			return err
		}
		return differs("discovery", c.GetClusterType().GetName(), "envoy.clusters.dynamic_forward_proxy")
	}
}

// requestsGo asserts that requests to a host are known, and lead to its
// cluster.
func requestsGo(begin string) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		vh, err := s.VirtualHost("80", w.externalHost(begin))
		if err != nil {
			return err
		}
		want := map[string]uint32{"outbound|80||" + w.externalHost(begin): 100}
		return differs("requests", ads.Weights(ads.Route(vh, at("/"))), want)
	}
}

// serverNameGoes asserts that TLS to a host is known by its server name, and
// leads to its cluster.
func serverNameGoes(begin string) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		l, err := listenerOn(s, 443)
		if err != nil {
			return err
		}
		for _, chain := range l.GetFilterChains() {
			if slices.Contains(chain.GetFilterChainMatch().GetServerNames(), w.externalHost(begin)) {
				got, err := forwards(chain)
				return errors.Join(err, differs("connections", got, "outbound|443||"+w.externalHost(begin)))
			}
		}
		return fmt.Errorf("no chain takes server name %s", w.externalHost(begin))
	}
}

func addresses(begin string, want ...string) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		c, err := w.externalCluster(s, begin)
		if err != nil {
			return err
		}
		got := s.Addresses(c.GetName())
		for _, locality := range c.GetLoadAssignment().GetEndpoints() {
			for _, e := range locality.GetLbEndpoints() {
				a := e.GetEndpoint().GetAddress().GetSocketAddress()
				got = append(got, fmt.Sprintf("%s:%d", a.GetAddress(), a.GetPortValue()))
			}
		}
		slices.Sort(got)
		return differs("addresses", got, want)
	}
}

// unseen asserts that what one namespace reaches, others do not.
func unseen(w *world, s *ads.Snapshot) error {
	if c, err := w.externalCluster(s, "api."); err == nil {
		return fmt.Errorf("another namespace knows cluster %s", c.GetName())
	}
	return nil
}
