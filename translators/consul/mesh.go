package consul

import (
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// defaultIntentions is the name of the object with the default of access: not
// that of a Service, because of names with dots there are none.
const defaultIntentions = "meshloom.default"

// translateMesh writes what Consul has once for all services, members or not:
// the Mesh, the ProxyDefaults, and the intention that decides where no other
// one does.
func translateMesh(_ translators.Env, u *ir.MeshUnit) translators.Result {
	var result translators.Result
	namespace, sources := u.Mesh.ControlPlaneNamespace, []ir.Source{u.Mesh.Source}
	if spec, said := meshSettings(u); said {
		result.Objects = append(result.Objects, object(newEntry(meshKind, namespace, meshName, spec), sources))
	}
	if u.MTLS != nil && u.MTLS.Mode == ir.MTLSStrict {
		spec := proxyDefaults{MutualTLSMode: modeStrict}
		result.Objects = append(result.Objects, object(newEntry(proxyDefaultsKind, namespace, proxyDefaultsName, spec), sources))
	}
	if action := defaultActions[u.AccessDefault]; action != "" {
		spec := serviceIntentions{
			Destination: intentionDestination{everyService}, Sources: []intentionSource{{Name: everyService, Action: action}},
		}
		result.Objects = append(result.Objects, object(newEntry(serviceIntentionsKind, namespace, defaultIntentions, spec), sources))
	}
	return result
}

var defaultActions = map[ir.AccessDefault]string{ir.AccessAllow: actionAllow, ir.AccessDeny: actionDeny}

// meshSettings is the spec of the Mesh; said is false where Consul's own
// settings are as they should be, or are left alone.
func meshSettings(u *ir.MeshUnit) (spec meshSpec, said bool) {
	spec.AllowEnablingPermissiveMutualTLS = plaintextAllowed(u.MTLS, u.AccessDefault)
	switch {
	case u.EgressDefault == ir.EgressDeny:
		spec.TransparentProxy = &meshTransparentProxy{MeshDestinationsOnly: true}
	case u.EgressDefault == ir.EgressAllow && u.Mesh.Adopted:
		spec.TransparentProxy = &meshTransparentProxy{}
	}
	return spec, spec.AllowEnablingPermissiveMutualTLS || spec.TransparentProxy != nil
}
