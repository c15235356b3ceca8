//go:build e2e

package istiod_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/test/engines/istiod"
)

func TestMain(m *testing.M) { os.Exit(istiod.Main(m)) }

// bookinfo applies the example's application into a namespace of the test's
// own and places its pods.
func bookinfo(t *testing.T, i *istiod.Istiod) (string, map[string]ads.Workload) {
	t.Helper()
	text, err := os.ReadFile("../../../examples/bookinfo/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ns := i.Namespace(t)
	for _, o := range istiod.Parse(t, ns, strings.ReplaceAll(string(text), "namespace: bookinfo\n", "namespace: "+ns+"\n")) {
		if o.GetKind() != "Namespace" {
			i.Apply(t, o)
		}
	}
	return ns, i.Place(t, ns)
}

const split = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews}
spec:
  host: reviews
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
spec:
  hosts: [reviews]
  http:
  - match: [{headers: {end-user: {exact: jason}}, uri: {exact: /reviews}}]
    timeout: 3s
    retries: {attempts: 0}
    route: [{destination: {host: reviews, subset: v2}}]
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 75}
    - {destination: {host: reviews, subset: v2}, weight: 25}
`

func TestSidecarGetsTheSplit(t *testing.T) {
	i := istiod.Shared(t)
	ns, pods := bookinfo(t, i)
	i.Apply(t, istiod.Parse(t, ns, split)...)
	host := "reviews." + ns + ".svc.cluster.local"
	cluster := func(version string) string { return "outbound|9080|" + version + "|" + host }
	want := map[string]uint32{cluster("v1"): 75, cluster("v2"): 25}

	s, err := ads.Await(t.Context(), i.XDS, ads.Sidecar(pods["productpage-v1"]), func(s *ads.Snapshot) error {
		vh, err := s.VirtualHost("9080", host)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(want, ads.Weights(ads.Route(vh, ads.Request{Path: "/reviews/0"}))); diff != "" {
			return fmt.Errorf("weights (-want +got):\n%s", diff)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	vh, err := s.VirtualHost("9080", host)
	if err != nil {
		t.Fatal(err)
	}
	tester := ads.Route(vh, ads.Request{Path: "/reviews", Header: map[string]string{"End-User": "jason"}})
	if diff := cmp.Diff(map[string]uint32{cluster("v2"): 100}, ads.Weights(tester)); diff != "" {
		t.Errorf("weights for jason (-want +got):\n%s", diff)
	}
	if got := tester.GetRoute().GetTimeout().AsDuration().Seconds(); got != 3 {
		t.Errorf("timeout %v s, want 3", got)
	}
	if p := tester.GetRoute().GetRetryPolicy(); p != nil {
		t.Errorf("retry policy %v where attempts is 0", p)
	}
	if got := s.Addresses(cluster("v2")); len(got) != 1 || !strings.HasPrefix(got[0], pods["reviews-v2"].IP+":") {
		t.Errorf("addresses of v2: %v, want the pod's %s", got, pods["reviews-v2"].IP)
	}
}

func TestGatewayGetsItsRoutes(t *testing.T) {
	i := istiod.Shared(t)
	ns, _ := bookinfo(t, i)
	i.Apply(t, istiod.Parse(t, ns, split)...)
	i.Apply(t, istiod.Parse(t, ns, `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public}
spec:
  selector: {istio: `+ns+`}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.shop.example"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: outside}
spec:
  hosts: [bookinfo.shop.example]
  gateways: [public]
  http:
  - route:
    - {destination: {host: reviews, subset: v1}, weight: 60}
    - {destination: {host: reviews, subset: v2}, weight: 40}
`)...)
	node := ads.Gateway(ads.Workload{Namespace: ns, Labels: map[string]string{"istio": ns}})
	_, err := ads.Await(t.Context(), i.XDS, node, func(s *ads.Snapshot) error {
		vh, err := s.VirtualHost("http.80", "bookinfo.shop.example")
		if err != nil {
			return err
		}
		weights := ads.Weights(ads.Route(vh, ads.Request{Path: "/anything"}))
		if got := weights["outbound|9080|v1|reviews."+ns+".svc.cluster.local"]; got != 60 {
			return fmt.Errorf("weights %v, want 60 for v1", weights)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorkloadGetsItsAccessRules(t *testing.T) {
	i := istiod.Shared(t)
	ns, pods := bookinfo(t, i)
	i.Apply(t, istiod.Parse(t, ns, `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ratings}
spec:
  selector: {matchLabels: {app: ratings}}
  action: ALLOW
  rules:
  - from: [{source: {principals: [cluster.local/ns/`+ns+`/sa/bookinfo-reviews]}}]
    to: [{operation: {methods: [GET], paths: [/ratings, /ratings/*]}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ratings-deny}
spec:
  selector: {matchLabels: {app: ratings}}
  action: DENY
  rules:
  - to: [{operation: {paths: [/ratings/secret]}}]
`)...)
	id := func(account string) string { return "spiffe://cluster.local/ns/" + ns + "/sa/" + account }
	s, err := ads.Await(t.Context(), i.XDS, ads.Sidecar(pods["ratings-v1"]), func(s *ads.Snapshot) error {
		rules, err := s.Access(9080)
		if err != nil {
			return err
		}
		if len(rules) != 2 {
			return fmt.Errorf("%d RBAC filters, want 2", len(rules))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		caller, method, path string
		want                 bool
	}{
		{id("bookinfo-reviews"), "GET", "/ratings/0", true},
		{id("bookinfo-reviews"), "GET", "/ratings", true},
		{id("bookinfo-reviews"), "GET", "/ratingsx", false},
		{id("bookinfo-reviews"), "POST", "/ratings/0", false},
		{id("bookinfo-reviews"), "GET", "/ratings/secret", false},
		{id("bookinfo-productpage"), "GET", "/ratings/0", false},
		{"", "GET", "/ratings/0", false},
	} {
		rules, err := s.Access(9080)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ads.Admits(rules, ads.Call{Caller: c.caller, Port: 9080, Request: ads.Request{Method: c.method, Path: c.path}})
		if err != nil {
			t.Fatal(err)
		}
		if got != c.want {
			t.Errorf("%s %s by %q: admitted %t, want %t", c.method, c.path, c.caller, got, c.want)
		}
	}
	if rules, err := mustFetch(t, i, pods["details-v1"]).Access(9080); err != nil || len(rules) != 0 {
		t.Errorf("details has %d RBAC filters (%v), want none", len(rules), err)
	}
}

func mustFetch(t *testing.T, i *istiod.Istiod, w ads.Workload) *ads.Snapshot {
	t.Helper()
	s, err := ads.Fetch(t.Context(), i.XDS, ads.Sidecar(w))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
