package roles

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// TestResourcesAreNamedAsTheyAreServed compares the rule by which kinds become
// resources with real definitions: a wrong one would be a permission for
// nothing.
func TestResourcesAreNamedAsTheyAreServed(t *testing.T) {
	definitions := slices.Concat(
		translatortest.Definitions(t, "istio", "istio.io/istio", "manifests/charts/base/files/crd-all.gen.yaml"),
		translatortest.Definitions(t, "", "sigs.k8s.io/gateway-api", "config/crd/experimental/gateway.networking.*.yaml"),
	)
	if len(definitions) < 20 {
		t.Fatalf("only %d definitions were found", len(definitions))
	}
	for _, crd := range definitions {
		kind := schema.GroupVersionKind{Group: crd.Spec.Group, Kind: crd.Spec.Names.Kind}
		if got := Resource(kind); got != crd.Spec.Names.Plural {
			t.Errorf("%s is served as %s, not %s", kind.Kind, crd.Spec.Names.Plural, got)
		}
	}
	for kind, want := range map[string]string{
		"Service": "services", "Endpoints": "endpoints", "ServiceDefaults": "servicedefaults", "Mesh": "meshes", "Ingress": "ingresses",
		"HTTPRoute": "httproutes", "IngressClass": "ingressclasses", "NetworkPolicy": "networkpolicies", "Gateway": "gateways",
	} {
		if got := Resource(schema.GroupVersionKind{Kind: kind}); got != want {
			t.Errorf("%s becomes %s, want %s", kind, got, want)
		}
	}
}

// rule finds what is allowed for one resource.
func rule(of []Rules, group, resource string) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, lot := range of {
		for _, r := range lot.Rules {
			if slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource) {
				out = append(out, r)
			}
		}
	}
	return out
}

func TestTheTranslatorMayWriteWhatProvidersEmit(t *testing.T) {
	providers := []translators.Provider{
		{Kinds: []schema.GroupVersionKind{{Group: "a.test", Version: "v1", Kind: "Route"}, {Group: "b.test", Version: "v1", Kind: "Policy"}}},
		{Kinds: []schema.GroupVersionKind{{Group: "a.test", Version: "v1", Kind: "Gateway"}, {Group: "a.test", Version: "v2", Kind: "Route"}}},
	}
	watched := append(kinds.Unified(), Secrets, schema.GroupVersionKind{Version: "v1", Kind: "Pod"})
	got := Translator(providers, watched)
	verbs := []string{"create", "delete", "get", "list", "patch", "watch"}
	want := []rbacv1.PolicyRule{{APIGroups: []string{"a.test"}, Resources: []string{"gateways", "routes"}, Verbs: verbs}}
	if diff := cmp.Diff(want, rule(got, "a.test", "routes")); diff != "" {
		t.Error(diff)
	}
	if len(rule(got, "b.test", "policies")) != 1 {
		t.Errorf("a group is missing: %+v", got)
	}
	read := []string{"list", "watch"}
	for _, r := range slices.Concat(rule(got, "", "pods"), rule(got, "meshloom.io", "meshes")) {
		if diff := cmp.Diff(read, r.Verbs); diff != "" {
			t.Errorf("what is only read: %s", diff)
		}
	}
	if secrets := rule(got, "", "secrets"); secrets != nil {
		t.Errorf("Secrets are for the installer to say: %+v", secrets)
	}
}

// TestTheTranslatorMayDoWhatPartsAndForeignKindsNeed holds that fields of objects
// of others are patched and their rivals watched, and no more.
func TestTheTranslatorMayDoWhatPartsAndForeignKindsNeed(t *testing.T) {
	service := schema.GroupVersionKind{Version: "v1", Kind: "Service"}
	profile, shared := schema.GroupVersionKind{Group: "a.test", Version: "v1", Kind: "Profile"}, schema.GroupVersionKind{Group: "b.test", Version: "v1", Kind: "Route"}
	got := Translator([]translators.Provider{
		{Kinds: []schema.GroupVersionKind{shared}, Parts: []schema.GroupVersionKind{service}, Foreign: []schema.GroupVersionKind{profile}},
		{Kinds: []schema.GroupVersionKind{shared}, Parts: []schema.GroupVersionKind{service}, Foreign: []schema.GroupVersionKind{shared}},
	}, kinds.Unified())
	for name, c := range map[string]struct {
		group, resource string
		want            [][]string
	}{
		"parts":             {"", "services", [][]string{{"get", "patch"}}},
		"foreign":           {"a.test", "profiles", [][]string{{"list", "watch"}}},
		"of two providers":  {"b.test", "routes", [][]string{{"create", "delete", "get", "list", "patch", "watch"}}},
		"and of namespaces": {"", "namespaces", [][]string{{"get", "patch"}}},
	} {
		var verbs [][]string
		for _, r := range rule(got, c.group, c.resource) {
			verbs = append(verbs, r.Verbs)
		}
		if diff := cmp.Diff(c.want, verbs); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestUsersMayNotWriteWhatTheClusterShares(t *testing.T) {
	for _, shared := range []string{"meshes", "ingresscontrollers"} {
		if got := rule(Editor(), "meshloom.io", shared); got != nil {
			t.Errorf("editors write %s: %+v", shared, got)
		}
		if got := rule(Viewer(), "meshloom.io", shared); len(got) != 1 {
			t.Errorf("viewers do not see %s", shared)
		}
	}
	if got := rule(Editor(), "meshloom.io", "trafficsplits"); len(got) != 1 || !slices.Contains(got[0].Verbs, "patch") {
		t.Errorf("editors and splits: %+v", got)
	}
}
