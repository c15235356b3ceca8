//go:build e2e

package compiled

import (
	"fmt"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/meshloom/meshloom/test/engines/ads"
)

// host is the fully qualified name of a Service of the member namespace.
func (w *world) host(service string) string { return service + "." + w.member + ".svc.cluster.local" }

// cluster is Envoy's name for the whole of a Service.
func (w *world) cluster(service string) string { return "outbound|8080||" + w.host(service) }

// route finds the route that takes a request in the virtual host that the
// place's rules are for.
func (w *world) route(s *ads.Snapshot, r ads.Request) (*routev3.Route, error) {
	domain := w.host("echo")
	if w.place.holder == atGateway.holder {
		domain = "shop." + w.member + ".example"
	}
	vh, err := s.VirtualHost(w.place.port, domain)
	if err != nil {
		return nil, err
	}
	route := ads.Route(vh, r)
	if route == nil {
		return nil, fmt.Errorf("no route takes %s %s", r.Method, r.Path)
	}
	return route, nil
}

// shares are the parts of a route's requests, in percent, that end at each
// Deployment, found by the addresses of the clusters' endpoints.
func (w *world) shares(s *ads.Snapshot, route *routev3.Route) (map[string]float64, error) {
	out := map[string]float64{}
	weights, total := ads.Weights(route), uint32(0)
	for _, weight := range weights {
		total += weight
	}
	for cluster, weight := range weights {
		name, err := w.deployment(s, cluster)
		if err != nil {
			return nil, err
		}
		out[name] += 100 * float64(weight) / float64(total)
	}
	return out, nil
}

// deployment is the one that all endpoints of a cluster belong to, or its
// Service's name where they belong to several.
func (w *world) deployment(s *ads.Snapshot, cluster string) (string, error) {
	addresses := s.Addresses(cluster)
	if len(addresses) == 0 {
		return "", fmt.Errorf("cluster %s has no endpoints", cluster)
	}
	if len(addresses) > 1 {
		parts := strings.Split(cluster, "|")
		service, _, _ := strings.Cut(parts[len(parts)-1], ".")
		return service, nil
	}
	for name, pod := range w.pods {
		if addresses[0] == pod.IP+":8080" {
			return name, nil
		}
	}
	return "", fmt.Errorf("cluster %s has endpoint %s, of no pod here", cluster, addresses[0])
}

// goes asserts where the requests of one kind end.
func goes(r ads.Request, want map[string]float64) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		route, err := w.route(s, r)
		if err != nil {
			return err
		}
		got, err := w.shares(s, route)
		if err != nil {
			return err
		}
		return differs(fmt.Sprintf("shares of %+v", r), got, want)
	}
}

// ends asserts, for several requests, the one Deployment that each ends at.
func ends(want map[string][]ads.Request) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		for name, requests := range want {
			for _, r := range requests {
				if err := goes(r, map[string]float64{name: 100})(w, s); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// onRoute asserts something of the route for a path.
func onRoute(path string, holds func(*world, *routev3.Route) error) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		route, err := w.route(s, ads.Request{Path: path})
		if err != nil {
			return err
		}
		return holds(w, route)
	}
}

// together asserts all of them.
func together(all ...func(*world, *ads.Snapshot) error) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		for _, holds := range all {
			if err := holds(w, s); err != nil {
				return err
			}
		}
		return nil
	}
}

// filter reads what a route says to one of the HTTP filters.
func filter[T proto.Message](route *routev3.Route, name string, into T) (T, error) {
	config, ok := route.GetTypedPerFilterConfig()[name]
	if !ok {
		return into, fmt.Errorf("the route says nothing to filter %s", name)
	}
	if err := config.UnmarshalTo(into); err != nil {
		return into, fmt.Errorf("read configuration of filter %s: %w", name, err)
	}
	return into, nil
}

// headers are changes of headers as words, sorted: "set a=1", "add b=2",
// "remove c".
func headers(changes []*corev3.HeaderValueOption, removed []string) []string {
	words := map[corev3.HeaderValueOption_HeaderAppendAction]string{
		corev3.HeaderValueOption_APPEND_IF_EXISTS_OR_ADD:    "add",
		corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD: "set",
	}
	var out []string
	for _, c := range changes {
		out = append(out, fmt.Sprintf("%s %s=%s", words[c.GetAppendAction()], c.GetHeader().GetKey(), c.GetHeader().GetValue()))
	}
	for _, name := range removed {
		out = append(out, "remove "+name)
	}
	slices.Sort(out)
	return out
}

// differs is the error for two values that are not the same, or nil.
func differs(what string, got, want any) error {
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		return fmt.Errorf("%s (-want +got):\n%s", what, diff)
	}
	return nil
}
