package reconciler

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// crd is an established definition with one served version and one that is not.
func crd(plural, group, kind string, annotations map[string]string) *apiextensionsv1.CustomResourceDefinition {
	out := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: plural + "." + group, Annotations: annotations}}
	out.Spec.Group, out.Spec.Names = group, apiextensionsv1.CustomResourceDefinitionNames{Kind: kind, Plural: plural}
	out.Spec.Versions = []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true}, {Name: "v1alpha2"}}
	out.Status.Conditions = []apiextensionsv1.CustomResourceDefinitionCondition{{Type: apiextensionsv1.Established, Status: apiextensionsv1.ConditionTrue}}
	return out
}

func TestGatewayAPIIsSeen(t *testing.T) {
	d := NewDefinitions()
	put := func(c *apiextensionsv1.CustomResourceDefinition) {
		trimmed, err := TrimDefinition(c)
		if err != nil {
			t.Fatal(err)
		}
		d.Put(trimmed.(*apiextensionsv1.CustomResourceDefinition))
	}
	put(crd("widgets", "example.com", "Widget", map[string]string{annotationBundle: "v9.9.9"}))
	if api := d.GatewayAPI(); api != nil {
		t.Errorf("another group is taken for Gateway API: %+v", api)
	}
	marks := map[string]string{annotationBundle: "v1.5.1", annotationChannel: "experimental", "large": "text"}
	put(crd("httproutes", groupGatewayAPI, "HTTPRoute", marks))
	put(crd("gateways", groupGatewayAPI, "Gateway", marks))
	want := &v1alpha1.ObservedGatewayAPI{Version: "1.5.1", Channel: "experimental", Served: []string{"Gateway/v1", "HTTPRoute/v1"}}
	if diff := cmp.Diff(want, d.GatewayAPI()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d.Remove("httproutes." + groupGatewayAPI)
	d.Remove("gateways." + groupGatewayAPI)
	if api := d.GatewayAPI(); api != nil {
		t.Errorf("after it went: %+v", api)
	}
}
