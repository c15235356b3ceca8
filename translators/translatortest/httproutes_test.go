package translatortest_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func routes(t *testing.T, specs ...string) []*gatewayv1.HTTPRoute {
	t.Helper()
	var out []*gatewayv1.HTTPRoute
	for i, spec := range specs {
		route := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: string(rune('a' + i)), CreationTimestamp: metav1.NewTime(time.Unix(int64(100-i), 0)),
		}}
		if err := yaml.UnmarshalStrict([]byte(spec), &route.Spec); err != nil {
			t.Fatal(err)
		}
		out = append(out, route)
	}
	return out
}

const parent = "parentRefs: [{group: '', kind: Service, name: reviews, port: 80}]\n"

func TestRoutesDecide(t *testing.T) {
	const paths = parent + `
rules:
- {matches: [{path: {type: PathPrefix, value: /a}}], backendRefs: [{name: prefix, port: 80}]}
- {matches: [{path: {type: PathPrefix, value: /a/b}}], backendRefs: [{name: longer, port: 80}]}
- {matches: [{path: {type: Exact, value: /a/b}}], backendRefs: [{name: exact, port: 80}]}
- {matches: [{path: {type: PathPrefix, value: /a}, headers: [{name: X, value: "1"}]}], backendRefs: [{name: header, port: 80}]}
`
	const older = parent + "rules: [{matches: [{path: {value: /tie}}], backendRefs: [{name: older, port: 80}]}]"
	const younger = parent + "rules: [{matches: [{path: {value: /tie}}], backendRefs: [{name: younger, port: 80}]}]"
	tests := []struct {
		name, path string
		headers    map[string]string
		routes     []string
		want       string
		status     int32
	}{
		{name: "without a route the Service itself", path: "/a", want: "reviews"},
		{name: "a route of another port is none", path: "/a", routes: []string{"parentRefs: [{group: core, kind: Service, name: reviews, port: 81}]"}, want: "reviews"},
		{name: "a route of a Gateway is none", path: "/a", routes: []string{"parentRefs: [{name: reviews, port: 80}]"}, want: "reviews"},
		{name: "no match", path: "/c", routes: []string{paths}, status: 404},
		{name: "prefixes are of elements", path: "/ab", routes: []string{paths}, status: 404},
		{name: "a prefix", path: "/a/x", routes: []string{paths}, want: "prefix"},
		{name: "a longer prefix", path: "/a/b/c", routes: []string{paths}, want: "longer"},
		{name: "the whole path", path: "/a/b", headers: map[string]string{"x": "1"}, routes: []string{paths}, want: "exact"},
		{name: "a header more", path: "/a/x", headers: map[string]string{"x": "1"}, routes: []string{paths}, want: "header"},
		{name: "the older of two", path: "/tie", routes: []string{younger, older}, want: "older"},
		{name: "no backend is the parent", path: "/", routes: []string{parent + "rules: [{}]"}, want: "reviews"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := translatortest.RouteReader{}.Decide(routes(t, tt.routes...), ir.ServiceName{Namespace: "shop", Name: "reviews"},
				eval.Request{Method: "GET", Path: tt.path, Port: 80, Headers: tt.headers})
			to := ""
			if len(got.Shares) == 1 {
				to = got.Shares[0].To.Name
			}
			if to != tt.want || got.Status != tt.status {
				t.Errorf("decided %+v, want %q, status %d", got, tt.want, tt.status)
			}
		})
	}
}

func TestSharedDefinitionsAbsent(t *testing.T) {
	t.Setenv("MESHLOOM_CRDS", t.TempDir())
	if crds := translatortest.SharedDefinitions(t, "absent.yaml"); crds != nil {
		t.Errorf("%d definitions out of nothing", len(crds))
	}
}
