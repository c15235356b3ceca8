package ads

import (
	"testing"

	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

func parse[T proto.Message](t *testing.T, into T, text string) T {
	t.Helper()
	if err := protojson.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
	return into
}

func TestRouteTakesTheFirstMatch(t *testing.T) {
	host := parse(t, new(routev3.VirtualHost), `{"name": "h", "domains": ["h"], "routes": [
		{"name": "exact", "match": {"path": "/exact"}, "route": {"cluster": "c"}},
		{"name": "header", "match": {"prefix": "/", "headers": [{"name": "end-user", "stringMatch": {"exact": "jason"}}]}, "route": {"cluster": "c"}},
		{"name": "not", "match": {"prefix": "/not", "headers": [{"name": "x-out", "presentMatch": true, "invertMatch": true}]}, "route": {"cluster": "c"}},
		{"name": "method", "match": {"prefix": "/", "headers": [{"name": ":method", "stringMatch": {"exact": "POST"}}]}, "route": {"cluster": "c"}},
		{"name": "query", "match": {"prefix": "/", "queryParameters": [{"name": "q", "stringMatch": {"prefix": "a"}}]}, "route": {"cluster": "c"}},
		{"name": "elements", "match": {"pathSeparatedPrefix": "/a"}, "route": {"cluster": "c"}},
		{"name": "regex", "match": {"safeRegex": {"regex": "/r[0-9]+"}}, "route": {"cluster": "c"}},
		{"name": "folded", "match": {"prefix": "/Case", "caseSensitive": false}, "route": {"cluster": "c"}}]}`)
	for _, c := range []struct {
		want    string
		request Request
	}{
		{"exact", Request{Path: "/exact"}},
		{"header", Request{Path: "/x", Header: map[string]string{"End-User": "jason"}}},
		{"", Request{Path: "/x", Header: map[string]string{"end-user": "jasons"}}},
		{"not", Request{Path: "/not"}},
		{"", Request{Path: "/not", Header: map[string]string{"X-Out": "1"}}},
		{"method", Request{Method: "POST", Path: "/x"}},
		{"query", Request{Path: "/x?q=abc"}},
		{"", Request{Path: "/x?q=b"}},
		{"elements", Request{Path: "/a/b"}},
		{"", Request{Path: "/ab"}},
		{"regex", Request{Path: "/r12"}},
		{"", Request{Path: "/r12x"}},
		{"folded", Request{Path: "/case/x"}},
	} {
		if got := Route(host, c.request).GetName(); got != c.want {
			t.Errorf("%+v: route %q, want %q", c.request, got, c.want)
		}
	}
}

func TestWeights(t *testing.T) {
	for text, want := range map[string]map[string]uint32{
		`{"route": {"cluster": "a"}}`: {"a": 100},
		`{"route": {"weightedClusters": {"clusters": [{"name": "a", "weight": 3}, {"name": "b", "weight": 1}]}}}`: {"a": 3, "b": 1},
		`{"redirect": {"hostRedirect": "x"}}`: {},
	} {
		if diff := cmp.Diff(want, Weights(parse(t, new(routev3.Route), text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if got := Weights(nil); len(got) != 0 {
		t.Errorf("weights of no route: %v", got)
	}
}

func TestAdmits(t *testing.T) {
	allow := `{"action": "ALLOW", "policies": {"p": {
		"permissions": [{"andRules": {"rules": [{"urlPath": {"path": {"prefix": "/a"}}}, {"notRule": {"destinationPort": 81}}]}}],
		"principals": [{"authenticated": {"principalName": {"exact": "spiffe://x"}}}, {"directRemoteIp": {"addressPrefix": "10.0.0.0", "prefixLen": 8}}]}}}`
	deny := `{"action": "DENY", "policies": {"p": {"permissions": [{"header": {"name": ":method", "stringMatch": {"exact": "DELETE"}}}], "principals": [{"any": true}]}}}`
	rules := []*rbacv3.RBAC{parse(t, new(rbacv3.RBAC), deny), parse(t, new(rbacv3.RBAC), allow)}
	for _, c := range []struct {
		name string
		call Call
		want bool
	}{
		{"the right caller", Call{Caller: "spiffe://x", Request: Request{Path: "/a?b"}}, true},
		{"another path", Call{Caller: "spiffe://x", Request: Request{Path: "/b"}}, false},
		{"another caller", Call{Caller: "spiffe://y", Request: Request{Path: "/a"}}, false},
		{"no caller", Call{Request: Request{Path: "/a"}}, false},
		{"another port", Call{Caller: "spiffe://x", Port: 81, Request: Request{Path: "/a"}}, false},
		{"a denied method", Call{Caller: "spiffe://x", Request: Request{Method: "DELETE", Path: "/a"}}, false},
	} {
		got, err := Admits(rules, c.call)
		if err != nil || got != c.want {
			t.Errorf("%s: admitted %t (%v), want %t", c.name, got, err, c.want)
		}
	}
	if ok, err := Admits([]*rbacv3.RBAC{parse(t, new(rbacv3.RBAC), `{"action": "ALLOW"}`)}, Call{}); ok || err != nil {
		t.Errorf("an ALLOW without policies admits (%v)", err)
	}
	unknown := parse(t, new(rbacv3.RBAC), `{"policies": {"p": {"permissions": [{"requestedServerName": {"exact": "x"}}], "principals": [{"any": true}]}}}`)
	if _, err := Admits([]*rbacv3.RBAC{unknown}, Call{}); err == nil {
		t.Error("a rule that cannot be evaluated was answered")
	}
}
