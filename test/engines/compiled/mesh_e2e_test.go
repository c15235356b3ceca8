//go:build e2e

package compiled

import (
	"errors"
	"fmt"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

// mesh is the base's Mesh with more said in it.
func mesh(more string) string {
	return `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: shop}
spec:
  provider: Istio
  mode: Adopted
  controlPlaneNamespace: istio-system
  members: {namespaceSelector: {matchLabels: {mesh: $member}}}
  allowedGateways: {namespaces: {from: All}}
  ` + more + "\n"
}

func meshWide() []compiled {
	one := func(name, before, more string, k check) compiled {
		c := compiled{name: name, places: []place{inMesh}, objects: mesh(more), checks: []check{k}}
		if before != "" {
			c.before = mesh(before)
		}
		return c
	}
	const (
		strict   = "mtls: {mode: Strict, force: true}"
		denied   = "access: {default: Deny}"
		noEgress = "egress: {default: Deny}"
	)
	return []compiled{
		one("access by default", denied, "access: {default: Allow}",
			check{ir.AccessDefaultAllow, server, verdicts(yes("alice"), yes(""), yes("alice").onAdmin())}),
		one("no access by default", "", denied, check{ir.AccessDefaultDeny, server, verdicts(no("alice"), no(""), no("alice").onAdmin())}),
		{
			name: "no access but by policy", places: []place{inMesh},
			objects: mesh(denied) + "---" + policy("Allow", "  - from: [{serviceAccount: {name: alice}}]\n"),
			checks:  []check{{ir.AccessDefaultDeny, server, verdicts(yes("alice"), no("bob"), no(""))}},
		},
		one("strict", "", strict, check{ir.MTLSModeStrict, server, listens(false, true)}),
		one("permissive", strict, "mtls: {mode: Permissive}", check{ir.MTLSModePermissive, server, listens(true, true)}),
		one("disabled", "", "mtls: {mode: Disabled}", check{ir.MTLSModeDisabled, server, listens(true, false)}),
		one("egress by default", noEgress, "egress: {default: Allow}", check{ir.EgressDefaultAllow, caller, unknownHostsGo("PassthroughCluster")}),
		one("no egress by default", "", noEgress, check{ir.EgressDefaultDeny, caller, unknownHostsGo("BlackHoleCluster")}),
	}
}

// listens asserts whether the server takes plaintext and mutual TLS on its
// HTTP port, and that its TLS asks for the client's certificate.
func listens(plaintext, mutual bool) func(*world, *ads.Snapshot) error {
	return func(_ *world, s *ads.Snapshot) error {
		gotPlain, gotMutual := false, false
		for _, chain := range s.Listeners[ads.Inbound].GetFilterChains() {
			match := chain.GetFilterChainMatch()
			if match.GetDestinationPort().GetValue() != 8080 {
				continue
			}
			if chain.GetTransportSocket() == nil {
				gotPlain = gotPlain || match.GetTransportProtocol() != "tls"
				continue
			}
			tls, err := downstreamTLS(chain)
			if err != nil {
				return err
			}
			gotMutual = gotMutual || tls.GetRequireClientCertificate().GetValue()
		}
		return differs("plaintext, mutual TLS", fmt.Sprint(gotPlain, gotMutual), fmt.Sprint(plaintext, mutual))
	}
}

// unknownHostsGo asserts where a member's connections and requests to hosts go
// that nothing names.
func unknownHostsGo(cluster string) func(*world, *ads.Snapshot) error {
	return func(_ *world, s *ads.Snapshot) error {
		got, err := catchAll(s)
		if err != nil {
			return err
		}
		if err := differs("connections", got, cluster); err != nil {
			return err
		}
		vh, err := s.VirtualHost("8080", "*")
		if err != nil {
			return err
		}
		route := ads.Route(vh, at("/"))
		if status := route.GetDirectResponse().GetStatus(); status != 0 {
			return differs("answer to requests", fmt.Sprint(status, " ", cluster), "502 BlackHoleCluster")
		}
		return differs("requests", ads.Weights(route), map[string]uint32{cluster: 100})
	}
}

// catchAll is the cluster of connections that no listener is for.
func catchAll(s *ads.Snapshot) (string, error) {
	for _, chain := range ads.Chains(s.Listeners["virtualOutbound"]) {
		if chain.GetFilterChainMatch() == nil {
			return forwards(chain)
		}
	}
	return "", errors.New("nothing takes connections that no listener is for")
}

// forwards is the cluster that a chain's connections are forwarded to.
func forwards(chain *listenerv3.FilterChain) (string, error) {
	for _, f := range chain.GetFilters() {
		proxy := new(tcpproxyv3.TcpProxy)
		if !f.GetTypedConfig().MessageIs(proxy) {
			continue
		}
		if err := f.GetTypedConfig().UnmarshalTo(proxy); err != nil {
			return "", fmt.Errorf("read filter %s: %w", f.GetName(), err)
		}
		return proxy.GetCluster(), nil
	}
	return "", fmt.Errorf("chain %s forwards no connections", chain.GetName())
}
