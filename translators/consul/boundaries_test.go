package consul

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/internal/engine"
	crdschema "github.com/meshloom/meshloom/internal/schema"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func nativeObject(t *testing.T, kind, namespace, name, rest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(rest), &u.Object); err != nil {
		t.Fatal(err)
	}
	u.SetGroupVersionKind(groupVersion.WithKind(kind))
	u.SetNamespace(namespace)
	u.SetName(name)
	return u
}

func TestRivalsAreOfOneNameInAnyNamespace(t *testing.T) {
	intentions := `{"spec":{"destination":{"name":"reviews"}}}`
	tests := []struct {
		name string
		obj  *unstructured.Unstructured
		want []string
	}{
		{"router", nativeObject(t, "ServiceRouter", "lab", "reviews", `{}`), []string{"ServiceRouter/reviews"}},
		{"defaults", nativeObject(t, "ServiceDefaults", "shop", "reviews", `{}`), []string{"ServiceDefaults/reviews"}},
		{"intentions by their destination", nativeObject(t, "ServiceIntentions", "shop", "any", intentions), []string{"ServiceIntentions/reviews"}},
		{"intentions for nobody", nativeObject(t, "ServiceIntentions", "shop", "reviews", `{"spec":{}}`), nil},
		{"a kind that is never written", nativeObject(t, "IngressGateway", "shop", "reviews", `{}`), nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, rivals(tt.obj)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	typed := newEntry(serviceRouterKind, "shop", "reviews", serviceRouter{})
	if diff := cmp.Diff(rivals(tests[0].obj), rivals(typed)); diff != "" {
		t.Errorf("typed and unstructured objects differ:\n%s", diff)
	}
	if got := rivals(&metav1Object{}); got != nil {
		t.Errorf("an object of another group has keys %v", got)
	}
}

// metav1Object is of no group.
type metav1Object struct{ unstructured.Unstructured }

func TestVerdictIsOfTheLastWrite(t *testing.T) {
	wrote := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	status := func(synced, syncedAt, changedAt string) string {
		return `{"status":{"lastSyncedTime":"` + syncedAt + `","conditions":[{"type":"Other","status":"True"},{"type":"Synced","status":"` + synced +
			`","lastTransitionTime":"` + changedAt + `","reason":"ConsulAgentError","message":"no"}]}}`
	}
	const before, after = "2026-11-23T11:59:59Z", "2026-11-23T12:00:00Z"
	refused := translators.Verdict{State: translators.VerdictRefused, Reason: "ConsulAgentError", Message: "no"}
	tests := map[string]struct {
		rest string
		want translators.Verdict
	}{
		"synced since":          {status("True", after, before), translators.Verdict{State: translators.VerdictAccepted}},
		"synced before":         {status("True", before, before), translators.Verdict{}},
		"refused since":         {status("False", before, after), refused},
		"refused before":        {status("False", before, before), translators.Verdict{}},
		"not known":             {status("Unknown", after, after), translators.Verdict{}},
		"no status":             {`{}`, translators.Verdict{}},
		"no time":               {status("True", "", after), translators.Verdict{}},
		"conditions of a shape": {`{"status":{"conditions":"x"}}`, translators.Verdict{}},
	}
	for name, tt := range tests {
		live := nativeObject(t, "ServiceRouter", "shop", "reviews", tt.rest)
		live.SetManagedFields([]metav1.ManagedFieldsEntry{
			{Manager: "meshloom", Time: &metav1.Time{Time: wrote}},
			{Manager: "consul", Subresource: "status", Time: &metav1.Time{Time: wrote.Add(time.Hour)}},
		})
		if diff := cmp.Diff(tt.want, verdict(live)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestExpandKeepsSubsetsThatMayBeNamed(t *testing.T) {
	live := nativeObject(t, "ServiceResolver", "shop", "reviews", `{"spec":{"subsets":{"v1":{"filter":"a"},"v2":{"filter":"b"}}}}`)
	want := nativeObject(t, "ServiceResolver", "shop", "reviews", `{"spec":{"connectTimeout":"1s","subsets":{"v2":{"filter":"b"}}}}`)
	got := expand(live, want)
	wider := nativeObject(t, "ServiceResolver", "shop", "reviews", `{"spec":{"connectTimeout":"1s","subsets":{"v1":{"filter":"a"},"v2":{"filter":"b"}}}}`)
	if diff := cmp.Diff(wider, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if expand(want, want) != nil || expand(live, live) != nil {
		t.Error("expanded though nothing goes away")
	}
	if router := nativeObject(t, "ServiceRouter", "shop", "reviews", `{"spec":{"subsets":{}}}`); expand(live, router) != nil {
		t.Error("another kind is expanded")
	}
}

// TestPartsAreValidTogether merges parts in ServiceDefaults as their only writer
// does, and holds the whole to the real definition.
func TestPartsAreValidTogether(t *testing.T) {
	var kind *crdschema.Kind
	for _, crd := range translatortest.SharedDefinitions(t, "consul-k8s.yaml") {
		if crd.Spec.Names.Kind == serviceDefaultsKind.Kind {
			var err error
			if kind, err = crdschema.New(crd, serviceDefaultsKind.Version); err != nil {
				t.Fatal(err)
			}
		}
	}
	percent := int32(50)
	page := ir.ServiceName{Namespace: "shop", Name: "page"}
	unit := &ir.ServiceUnit{Service: ir.Service{Namespace: "shop", Name: "reviews"}, Callers: []ir.ServiceName{{Namespace: "lab", Name: "page"}, page}}
	unit.Destination.OutlierDetection = &ir.OutlierDetection{ConsecutiveErrors: 5, EjectionTime: metav1.Duration{Duration: time.Second}, MaxEjectionPercent: &percent}
	unit.Destination.ConnectionPool = &ir.ConnectionPool{MaxConnections: 7, MaxPendingRequests: 8}
	parts := callerParts(unit)
	unit.Service.Name = "cart"
	parts = append(parts, callerParts(unit)...)
	parts = append(parts, protocolPart(ir.ServiceName{Namespace: "lab", Name: "page"}, ir.Source{}, ir.ProtocolGRPC),
		defaultsPart(ir.ServiceName{Namespace: "lab", Name: "page"}, ir.Source{}, unlimited, "localRequestTimeoutMs"))
	shared, issues := engine.Merge(parts)
	if len(shared) != 1 || len(issues) != 0 {
		t.Fatalf("%d objects and issues %v: callers of one name are one service to Consul", len(shared), issues)
	}
	overrides, _, _ := unstructured.NestedSlice(shared[0].Object.Object, "spec", "upstreamConfig", "overrides")
	if len(overrides) != 2 {
		t.Errorf("overrides %v, want those for cart and reviews", overrides)
	}
	if kind != nil {
		for _, problem := range append(kind.Unknown(shared[0].Object), errorTexts(kind, shared[0].Object)...) {
			t.Error(problem)
		}
	}
}

func errorTexts(kind *crdschema.Kind, obj *unstructured.Unstructured) []string {
	var out []string
	for _, problem := range kind.Validate(obj) {
		out = append(out, problem.Error())
	}
	return out
}

// TestEmptyElementsOfPathsAreDropped shows a difference that is declared: where
// Consul strips a prefix, or a destination has no path match, it drops a slash.
func TestEmptyElementsOfPathsAreDropped(t *testing.T) {
	stripped := ir.Route{
		Match:   ir.Match{Path: &ir.PathMatch{Type: ir.PathPrefix, Value: "/api"}},
		Filters: ir.Filters{Rewrite: &ir.Rewrite{Path: &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: "/"}}},
	}
	forms, ok := pathForms(&stripped)
	if !ok || len(forms) != 2 {
		t.Fatalf("forms %+v", forms)
	}
	route := serviceRoute{Match: match(&stripped.Match, forms[1]), Destination: &routeDestination{PrefixRewrite: forms[1].rewrite}}
	for path, want := range map[string]string{"/api/x": "/x", "/api/": "/", "/api//x": "/x"} {
		if got := rewritten(&route, path); got != want {
			t.Errorf("%s becomes %s, want %s", path, got, want)
		}
	}
	if got := eval.RewritePath(stripped.Filters.Rewrite.Path, stripped.Match.Path, "/api//x"); got != "//x" {
		t.Errorf("the IR means %s: nothing is declared", got)
	}
	if got := rewritten(&serviceRoute{Destination: &routeDestination{}}, "//x"); got != "/x" {
		t.Errorf("a path without a match becomes %s", got)
	}
}
