package linkerd

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/internal/schema"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func decode(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u
}

const (
	profile      = `{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: reviews.shop.svc.cluster.local, namespace: batch}, spec: {routes: [{name: all, condition: {pathRegex: .*}}]}}`
	emptyProfile = `{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: reviews.shop.svc.cluster.local, namespace: shop}, spec: {routes: []}}`
)

func TestRivals(t *testing.T) {
	reviews := []string{"linkerd/Service/shop/reviews"}
	for name, c := range map[string]struct {
		manifest string
		want     []string
	}{
		"a route of the Service's namespace":   {`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: mine, namespace: shop}, spec: {parentRefs: [{group: core, kind: Service, name: reviews, port: 80}]}}`, reviews},
		"a route of a caller's namespace":      {`{apiVersion: gateway.networking.k8s.io/v1beta1, kind: HTTPRoute, metadata: {name: mine, namespace: batch}, spec: {parentRefs: [{group: "", kind: Service, namespace: shop, name: reviews}]}}`, reviews},
		"gRPC's routes take ours out of force": {`{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: mine, namespace: shop}, spec: {parentRefs: [{group: "", kind: Service, name: reviews}]}}`, reviews},
		"Linkerd's own kind of route":          {`{apiVersion: policy.linkerd.io/v1beta3, kind: HTTPRoute, metadata: {name: mine, namespace: shop}, spec: {parentRefs: [{group: core, kind: Service, name: reviews}]}}`, reviews},
		"a route of a Gateway":                 {`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: mine, namespace: shop}, spec: {parentRefs: [{name: reviews}]}}`, nil},
		"a route of a Server":                  {`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: mine, namespace: shop}, spec: {parentRefs: [{group: policy.linkerd.io, kind: Server, name: reviews}]}}`, nil},
		"a profile, in whatever namespace":     {profile, reviews},
		"a profile that changes nothing":       {emptyProfile, nil},
		"a profile with other destinations":    {`{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: reviews.shop.svc.cluster.local}, spec: {dstOverrides: [{authority: a, weight: 1}]}}`, reviews},
		"a profile of an outside host":         {`{apiVersion: linkerd.io/v1alpha2, kind: ServiceProfile, metadata: {name: api.example}, spec: {routes: [{name: all}]}}`, nil},
		"a kind that speaks for nothing":       {`{apiVersion: v1, kind: Service, metadata: {name: reviews, namespace: shop}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, rivals(decode(t, c.manifest))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is written has the same keys typed as it has read back, else nothing
// would be its rival.
func TestRivalsOfOurRoutes(t *testing.T) {
	u := (&trial{seed: 1}).unit()
	for _, obj := range translateService(translators.Env{}, u.Service).Objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj.Object)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rivals(obj.Object), rivals(&unstructured.Unstructured{Object: content})); diff != "" {
			t.Errorf("%s (-typed +unstructured):\n%s", obj.GetName(), diff)
		}
	}
}

// ServiceProfiles are read without their types: the fields are where the real
// schema has them.
func TestServiceProfilesAreRealOnes(t *testing.T) {
	for _, crd := range translatortest.SharedDefinitions(t, "linkerd.yaml") {
		if crd.Spec.Names.Kind != serviceProfileKind.Kind {
			continue
		}
		kind, err := schema.New(crd, serviceProfileKind.Version)
		if err != nil {
			t.Fatal(err)
		}
		u := decode(t, profile)
		if unknown, problems := kind.Unknown(u), kind.Validate(u); len(unknown) > 0 || len(problems) > 0 {
			t.Errorf("unknown %v, invalid %v", unknown, problems)
		}
		overrides := decode(t, profile)
		overrides.Object["spec"] = map[string]any{"dstOverrides": []any{map[string]any{"authority": "a.shop.svc.cluster.local", "weight": "500m"}}}
		if unknown, problems := kind.Unknown(overrides), kind.Validate(overrides); len(unknown) > 0 || len(problems) > 0 {
			t.Errorf("unknown %v, invalid %v", unknown, problems)
		}
	}
}
