package istio

import (
	security "istio.io/api/security/v1beta1"
	apitype "istio.io/api/type/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var mtlsModes = map[ir.MTLSMode]security.PeerAuthentication_MutualTLS_Mode{
	ir.MTLSStrict:     security.PeerAuthentication_MutualTLS_STRICT,
	ir.MTLSPermissive: security.PeerAuthentication_MutualTLS_PERMISSIVE,
	ir.MTLSDisabled:   security.PeerAuthentication_MutualTLS_DISABLE,
}

// mtls writes the mode of the namespace, and takes the proxies of
// IngressGateways out of it: their clients are outside the mesh.
func mtls(u *ir.NamespaceUnit) []translators.Object {
	if u.MTLS == nil {
		return nil
	}
	sources := []ir.Source{u.MTLS.Source, u.Mesh.Source}
	objects := []translators.Object{object(peerAuthentication(u.Name, prefix+"mtls", nil, mtlsModes[u.MTLS.Mode]), sources)}
	if u.MTLS.Mode == ir.MTLSPermissive {
		return objects
	}
	for _, g := range u.Gateways {
		open := peerAuthentication(u.Name, uniqueName("gateway mtls", g.Name), g.Selector, security.PeerAuthentication_MutualTLS_PERMISSIVE)
		objects = append(objects, object(open, sources))
	}
	return objects
}

func peerAuthentication(namespace, name string, selector map[string]string, mode security.PeerAuthentication_MutualTLS_Mode) *securityv1.PeerAuthentication {
	out := &securityv1.PeerAuthentication{
		TypeMeta:   typeMeta(peerAuthenticationKind),
		ObjectMeta: objectMeta(namespace, name),
		Spec:       security.PeerAuthentication{Mtls: &security.PeerAuthentication_MutualTLS{Mode: mode}},
	}
	if len(selector) > 0 {
		out.Spec.Selector = &apitype.WorkloadSelector{MatchLabels: selector}
	}
	return out
}
