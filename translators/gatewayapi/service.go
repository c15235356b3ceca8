package gatewayapi

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// ServiceKind is the kind of generated Services.
var ServiceKind = corev1.SchemeGroupVersion.WithKind("Service")

const (
	maxLabel  = 63
	hashBytes = 4
)

// ServiceParent refers to a port of a Service from a route in its namespace.
func ServiceParent(service string, port int32) gatewayv1.ParentReference {
	group, kind := gatewayv1.Group(""), gatewayv1.Kind("Service")
	return gatewayv1.ParentReference{Group: &group, Kind: &kind, Name: gatewayv1.ObjectName(service), Port: &port}
}

// SubsetName is the name of the Service that stands for a subset in a mesh, in
// the namespace of the apex: the apex's name and a hash of all three, a DNS
// label. While a namespace moves, both meshes have Services of their own.
func SubsetName(mesh, apex, subset string) string {
	sum := sha256.Sum256([]byte(mesh + "\x00" + apex + "\x00" + subset))
	hash := hex.EncodeToString(sum[:hashBytes])
	if room := maxLabel - len(hash) - 1; len(apex) > room {
		apex = apex[:room]
	}
	return apex + "-" + hash
}

// SubsetRef refers to the Service that stands for a subset.
func SubsetRef(mesh string, apex ir.Ref, subset string) translators.ObjectRef {
	return translators.ObjectRef{GroupVersionKind: ServiceKind, Namespace: apex.Namespace, Name: SubsetName(mesh, apex.Name, subset)}
}

// SubsetService makes the Service that stands for a subset: the apex's ports, and
// its selector with the subset's labels. A port whose container port depends on
// the pod, or is not known, is an issue: the IR does not keep the name that
// would tell.
func SubsetService(mesh string, apex *ir.Service, subset *ir.Subset) (*corev1.Service, []ir.Issue) {
	selector := maps.Clone(apex.Selector)
	if selector == nil {
		selector = map[string]string{}
	}
	maps.Copy(selector, subset.Labels)
	out := &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: apex.Namespace, Name: SubsetName(mesh, apex.Name, subset.Name)},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: selector},
	}
	var issues []ir.Issue
	for _, p := range apex.Ports {
		port := corev1.ServicePort{Name: p.Name, Port: p.Number, Protocol: corev1.ProtocolTCP, AppProtocol: optional(appProtocols[p.Protocol])}
		if p.Protocol == ir.ProtocolUDP {
			port.Protocol = corev1.ProtocolUDP
		}
		switch {
		case len(p.Targets) == 1:
			port.TargetPort = intstr.FromInt32(p.Targets[0])
		case p.Protocol.HTTP():
			issues = append(issues, reject(subset.Source, ir.SplitBySubset,
				"port %d of Service %s leads to %d container ports, and the Service that stands for the subset needs one: give targetPort a number", p.Number, apex.Name, len(p.Targets)))
			continue
		default:
			continue
		}
		out.Spec.Ports = append(out.Spec.Ports, port)
	}
	return out, issues
}

// appProtocols are what Kubernetes calls the protocols of ports.
var appProtocols = map[ir.Protocol]string{
	ir.ProtocolHTTP: "http", ir.ProtocolHTTP2: "kubernetes.io/h2c", ir.ProtocolGRPC: "grpc",
	ir.ProtocolHTTPS: "https",
}

// SubsetServices makes the Services of all subsets of the unit's Service that
// backends of its tables name, each with what it came from.
func SubsetServices(u *ir.ServiceUnit) (objects []translators.Object, issues []ir.Issue) {
	for i := range u.Subsets {
		subset := &u.Subsets[i]
		service, problems := SubsetService(u.Mesh.Name, &u.Service, subset)
		objects = append(objects, translators.Object{Object: service, Sources: ir.Origins(subset.Source)})
		issues = append(issues, problems...)
	}
	return objects, issues
}

// SubsetRefs are the generated Services that routes of the mesh need, sorted by
// name.
func SubsetRefs(mesh string, routes []*ir.Route) []translators.ObjectRef {
	refs := map[translators.ObjectRef]bool{}
	add := func(b *ir.Backend) {
		if b.Subset != "" && !b.Invalid {
			refs[SubsetRef(mesh, b.Service.Ref(), b.Subset)] = true
		}
	}
	for _, r := range routes {
		for i := range r.Backends {
			add(&r.Backends[i])
		}
		for i := range r.Filters.Mirrors {
			add(&r.Filters.Mirrors[i].Backend)
		}
	}
	return slices.SortedFunc(maps.Keys(refs), func(a, b translators.ObjectRef) int {
		return ir.Ref{Namespace: a.Namespace, Name: a.Name}.Compare(ir.Ref{Namespace: b.Namespace, Name: b.Name})
	})
}
