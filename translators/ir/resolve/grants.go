package resolve

import (
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/translators/ir"
)

// grant is a reference across namespaces that a ReferenceGrant must allow. The
// referring kind is Gateway API's, because the ingress checks the same grant.
type grant struct {
	fromKind, from string
	to             ir.Ref
}

// granted says whether the reference is local or granted where it points.
func (v *view) granted(g grant) bool {
	if g.from == g.to.Namespace {
		return true
	}
	for _, ref := range v.members(grantsIn, namespaceRef(g.to.Namespace)) {
		if spec := grantSpec(v.read(ref)); spec != nil && grants(spec, g) {
			return true
		}
	}
	return false
}

func grantSpec(obj client.Object) *gatewayv1.ReferenceGrantSpec {
	switch o := obj.(type) {
	case *gatewayv1.ReferenceGrant:
		return &o.Spec
	case *gatewayv1beta1.ReferenceGrant:
		return &o.Spec
	}
	return nil
}

func grants(spec *gatewayv1.ReferenceGrantSpec, g grant) bool {
	from, to := false, false
	for _, f := range spec.From {
		from = from || string(f.Group) == gatewayv1.GroupName && string(f.Kind) == g.fromKind && string(f.Namespace) == g.from
	}
	for _, t := range spec.To {
		named := t.Name == nil || *t.Name == "" || string(*t.Name) == g.to.Name
		to = to || t.Group == "" && string(t.Kind) == g.to.Kind && named
	}
	return from && to
}
