package istio

import (
	"cmp"

	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// waypointName is the name of the waypoint that each member namespace has, and
// of the ServiceAccount that it runs under.
const waypointName = prefix + "waypoint"

const (
	waypointClass    = "istio-waypoint"
	waypointProtocol = "HBONE"
	waypointPort     = 15008

	labelRevision        = "istio.io/rev"
	labelDataPlane       = "istio.io/dataplane-mode"
	labelUseWaypoint     = "istio.io/use-waypoint"
	labelIngressWaypoint = "istio.io/ingress-use-waypoint"
	labelWaypointFor     = "istio.io/waypoint-for"

	dataPlaneAmbient = "ambient"
	noWaypoint       = "none"
)

// waypoint makes a waypoint for Services of its namespace. The control plane of
// the revision deploys its proxy.
func waypoint(env translators.Env, namespace, name string, sources []ir.Source) translators.Object {
	gateway := &gatewayv1.Gateway{
		TypeMeta:   typeMeta(waypointKind),
		ObjectMeta: objectMeta(namespace, name),
		Spec: gatewayv1.GatewaySpec{
			GatewayClassName: waypointClass,
			Listeners:        []gatewayv1.Listener{{Name: "mesh", Port: waypointPort, Protocol: waypointProtocol}},
		},
	}
	gateway.Labels = map[string]string{labelWaypointFor: "service"}
	if revision := cmp.Or(env.Facts[FactRevision], defaultRevision); revision != defaultRevision {
		gateway.Labels[labelRevision] = revision
	}
	return object(gateway, sources)
}

// waypointRef refers to the waypoint of a member namespace.
func waypointRef(namespace string) translators.ObjectRef {
	return translators.ObjectRef{GroupVersionKind: waypointKind, Namespace: namespace, Name: waypointName}
}

// waypointPrincipal is the identity of the waypoint of a namespace: ztunnel sees
// it, and not the caller's, on all that comes by the waypoint.
func waypointPrincipal(mesh ir.Mesh, namespace string) string {
	return mesh.TrustDomain + "/ns/" + namespace + "/sa/" + waypointName
}

// enrolment contributes the labels by which a namespace is captured, its Services
// are bound to its waypoint, and gateways go by that waypoint too.
func enrolment(u *ir.NamespaceUnit) []translators.Contribution {
	labels := []translators.Mark{{Key: labelUseWaypoint, Value: waypointName}, {Key: labelIngressWaypoint, Value: "true"}}
	if !u.MarksAlone {
		labels = append(ambientMarks(), labels...)
	}
	var out []translators.Contribution
	for _, mark := range labels {
		out = append(out, translators.Contribution{
			Object: translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: u.Name},
			Path:   []string{"metadata", "labels", mark.Key},
			Value:  mark.Value,
			Source: u.Mesh.Source.At("spec.members"),
		})
	}
	return out
}

// ambientMarks returns the label by which a namespace is captured.
func ambientMarks() []translators.Mark {
	return []translators.Mark{{Place: translators.OnNamespace, Key: labelDataPlane, Value: dataPlaneAmbient}}
}
