package kinds

import (
	"fmt"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/apis/v1alpha1/crds"
	ourschema "github.com/meshloom/meshloom/internal/schema"
)

// definition gives what is known of one kind of the unified API. Each part is
// made when it is first asked for, because meshctl runs for a moment and needs
// few of them.
type definition struct {
	crd    func() (*apiextensionsv1.CustomResourceDefinition, error)
	schema func() (*ourschema.Kind, error)
}

// plurals say which embedded file holds a kind.
var plurals = map[string]string{
	v1alpha1.KindMesh:              "meshes",
	v1alpha1.KindIngressController: "ingresscontrollers",
	v1alpha1.KindIngressGateway:    "ingressgateways",
	v1alpha1.KindTrafficSplit:      "trafficsplits",
	v1alpha1.KindGatewayRoute:      "gatewayroutes",
	v1alpha1.KindTrafficPolicy:     "trafficpolicies",
	v1alpha1.KindAccessPolicy:      "accesspolicies",
	v1alpha1.KindExternalService:   "externalservices",
}

var definitions = sync.OnceValue(func() map[schema.GroupVersionKind]definition {
	out := map[schema.GroupVersionKind]definition{}
	for _, gvk := range Unified() {
		crd := sync.OnceValues(func() (*apiextensionsv1.CustomResourceDefinition, error) { return readDefinition(gvk) })
		out[gvk] = definition{crd: crd, schema: sync.OnceValues(func() (*ourschema.Kind, error) {
			definition, err := crd()
			if err != nil {
				return nil, err
			}
			return ourschema.New(definition, gvk.Version)
		})}
	}
	return out
})

func readDefinition(gvk schema.GroupVersionKind) (*apiextensionsv1.CustomResourceDefinition, error) {
	data, err := crds.FS.ReadFile(fmt.Sprintf("%s_%s.yaml", gvk.Group, plurals[gvk.Kind]))
	if err != nil {
		return nil, fmt.Errorf("read embedded definition of %s: %w", gvk.Kind, err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(data, crd); err != nil {
		return nil, fmt.Errorf("decode embedded definition of %s: %w", gvk.Kind, err)
	}
	return crd, nil
}

// Definitions returns the CustomResourceDefinitions of the unified API, in the
// order of Unified. They must not be changed.
func Definitions() ([]*apiextensionsv1.CustomResourceDefinition, error) {
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, gvk := range Unified() {
		crd, err := definitions()[gvk].crd()
		if err != nil {
			return nil, err
		}
		out = append(out, crd)
	}
	return out, nil
}

// Schema returns the compiled schema of a kind of the unified API. It is safe
// for concurrent use, and calls for different kinds do not wait for each other.
func Schema(gvk schema.GroupVersionKind) (*ourschema.Kind, error) {
	definition, ok := definitions()[gvk]
	if !ok {
		return nil, fmt.Errorf("find schema of %s: it is no kind of the unified API", gvk)
	}
	return definition.schema()
}
