//go:build e2e

package ambient

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/istio"
)

// TestIstiodAccepts asks istiod's own words, by the verdict that status is made of:
// every route, waypoint and policy is accepted.
func TestIstiodAccepts(t *testing.T) {
	w := newWorld(t)
	verdict := istio.Provider().Verdict
	for _, kind := range []string{"Gateway", "HTTPRoute", "AuthorizationPolicy"} {
		objects := w.of(kind)
		if len(objects) == 0 {
			t.Errorf("no %s was written", kind)
		}
		for _, o := range objects {
			t.Run(kind+"/"+o.GetName(), func(t *testing.T) {
				eventually(t, func(ctx context.Context) error {
					live, err := w.live(ctx, o)
					if err != nil {
						return err
					}
					if got := verdict(live); got.State != translators.VerdictAccepted {
						return fmt.Errorf("verdict %+v, status %v", got, live.Object["status"])
					}
					return nil
				})
			})
		}
	}
}

// TestWaypointGetsTheRoutes reads what a waypoint would route by and whom it would
// admit.
func TestWaypointGetsTheRoutes(t *testing.T) {
	w := newWorld(t)
	node := ads.Waypoint(w.pods["meshloom-waypoint"])
	const listener = "main_internal"
	chain := func(service string, port int) string {
		return fmt.Sprintf("inbound-vip|%d|http|%s.%s.svc.cluster.local", port, service, w.namespace)
	}
	snapshot, err := ads.Await(t.Context(), w.istiod.XDS, node, func(s *ads.Snapshot) error {
		if err := w.routes(s, chain("reviews", 80)); err != nil {
			return err
		}
		if err := w.admits(s, listener, chain("reviews", 80), 80); err != nil {
			return err
		}
		// The policies of the pods hold by every Service that leads to them.
		return w.admits(s, listener, chain("everything", 81), 81)
	})
	if err != nil {
		var names []string
		for name, l := range snapshot.Listeners {
			for _, c := range ads.Chains(l) {
				names = append(names, name+": "+c.GetName())
			}
		}
		t.Fatalf("%v\nlisteners %s", err, strings.Join(names, "\n"))
	}
	for _, version := range []string{"v1", "v2"} {
		cluster := w.cluster(t, version)
		if snapshot.Clusters[cluster] == nil {
			t.Errorf("the waypoint has no cluster %s", cluster)
			continue
		}
		if got := snapshot.Clusters[cluster].GetOutlierDetection().GetConsecutive_5Xx().GetValue(); got != 7 {
			t.Errorf("cluster %s takes endpoints out after %d errors, want 7", cluster, got)
		}
	}
}

// cluster is the one of the Service that stands for a version.
func (w *world) cluster(t *testing.T, version string) string {
	t.Helper()
	for _, o := range w.of("Service") {
		if o.Object["spec"].(map[string]any)["selector"].(map[string]any)["version"] == version {
			return fmt.Sprintf("outbound|80||%s.%s.svc.cluster.local", o.GetName(), w.namespace)
		}
	}
	t.Fatalf("no Service stands for version %s", version)
	return ""
}

func (w *world) routes(s *ads.Snapshot, config string) error {
	host, err := s.VirtualHost(config, "*")
	if err != nil {
		return err
	}
	route := ads.Route(host, ads.Request{Path: "/reviews/0"})
	shares := map[uint32]bool{}
	for _, weight := range ads.Weights(route) {
		shares[weight] = true
	}
	if diff := cmp.Diff(map[uint32]bool{75: true, 25: true}, shares); diff != "" {
		return fmt.Errorf("weights (-want +got): %s", diff)
	}
	if got := route.GetRoute().GetTimeout().AsDuration().Seconds(); got != 3 {
		return fmt.Errorf("timeout %vs, want 3s", got)
	}
	jason := ads.Route(host, ads.Request{Path: "/", Header: map[string]string{"end-user": "jason"}})
	if got := len(ads.Weights(jason)); got != 1 {
		return fmt.Errorf("jason goes to %d places, want one", got)
	}
	return nil
}

// admits asks whom the waypoint would admit by a chain.
func (w *world) admits(s *ads.Snapshot, listener, chain string, port uint32) error {
	rules, err := s.AccessOf(listener, chain)
	if err != nil {
		return err
	}
	alice, monitor := "spiffe://cluster.local/ns/"+w.namespace+"/sa/alice", "spiffe://cluster.local/ns/monitoring/sa/monitor"
	for _, c := range []struct {
		caller, method, path string
		want                 bool
	}{
		{alice, "GET", "/reviews/0", true},
		{alice, "POST", "/reviews/0", false},
		{alice, "GET", "/reviewsx", false},
		{monitor, "POST", "/admin", true},
		{"spiffe://cluster.local/ns/" + w.namespace + "/sa/bob", "GET", "/reviews/0", false},
	} {
		got, err := ads.Admits(rules, ads.Call{Caller: c.caller, Port: port, Request: ads.Request{Method: c.method, Path: c.path}})
		if err != nil {
			return err
		}
		if got != c.want {
			return fmt.Errorf("%s: %s %s of %s is admitted: %v, want %v", chain, c.method, c.path, c.caller, got, c.want)
		}
	}
	return nil
}
