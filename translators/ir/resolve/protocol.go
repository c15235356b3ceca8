package resolve

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// byAppProtocol are the values of appProtocol, in lower case, that say what a
// port speaks. Values of Kubernetes, of Gateway API and of usage.
var byAppProtocol = map[string]ir.Protocol{
	"http": ir.ProtocolHTTP, "kubernetes.io/ws": ir.ProtocolHTTP, "ws": ir.ProtocolHTTP,
	"http2": ir.ProtocolHTTP2, "h2c": ir.ProtocolHTTP2, "kubernetes.io/h2c": ir.ProtocolHTTP2,
	"grpc": ir.ProtocolGRPC, "grpc-web": ir.ProtocolGRPC,
	"https": ir.ProtocolHTTPS, "kubernetes.io/wss": ir.ProtocolHTTPS, "wss": ir.ProtocolHTTPS,
	"tls": ir.ProtocolTLS, "tcp": ir.ProtocolTCP, "udp": ir.ProtocolUDP,
	"mongo": ir.ProtocolTCP, "mysql": ir.ProtocolTCP, "redis": ir.ProtocolTCP, "postgresql": ir.ProtocolTCP,
}

// byPortName are the prefixes of port names, up to the first dash.
var byPortName = map[string]ir.Protocol{
	"http": ir.ProtocolHTTP, "http2": ir.ProtocolHTTP2, "grpc": ir.ProtocolGRPC,
	"https": ir.ProtocolHTTPS, "tls": ir.ProtocolTLS, "tcp": ir.ProtocolTCP, "udp": ir.ProtocolUDP,
	"mongo": ir.ProtocolTCP, "mysql": ir.ProtocolTCP, "redis": ir.ProtocolTCP, "postgresql": ir.ProtocolTCP,
}

// protocolOf says what a Service port speaks: appProtocol, then the prefix of
// its name.
func protocolOf(port *corev1.ServicePort) ir.Protocol {
	if port.Protocol == corev1.ProtocolUDP {
		return ir.ProtocolUDP
	}
	if port.Protocol == corev1.ProtocolSCTP {
		return ir.ProtocolUnknown
	}
	if port.AppProtocol != nil {
		if p, ok := byAppProtocol[strings.ToLower(*port.AppProtocol)]; ok {
			return p
		}
		return ir.ProtocolUnknown
	}
	name, suffix, _ := strings.Cut(port.Name, "-")
	if name == "grpc" && (suffix == "web" || strings.HasPrefix(suffix, "web-")) {
		return ir.ProtocolGRPC
	}
	if p, ok := byPortName[name]; ok {
		return p
	}
	return ir.ProtocolUnknown
}

// said overrides the protocol of a port by what a TrafficSplit says, which
// speaks of TCP.
func said(port ir.Port, protocol v1alpha1.HTTPProtocol) ir.Port {
	if protocol != "" && port.Protocol != ir.ProtocolUDP {
		port.Protocol = ir.Protocol(protocol)
	}
	return port
}

// irService shows a Service, its named target ports resolved by the pods that
// it selects.
func (v *view) irService(svc *corev1.Service) ir.Service {
	ref := serviceRef(svc.Namespace, svc.Name)
	records := v.records(workloadsOf, ref)
	shown := ir.Service{
		Namespace: svc.Namespace, Name: svc.Name,
		Host:        svc.Name + "." + svc.Namespace + ".svc." + v.store.options.clusterDomain(),
		Selector:    selectorOf(svc),
		Headless:    svc.Spec.ClusterIP == corev1.ClusterIPNone,
		Annotations: v.store.options.Picked(svc.Annotations),
		Namesakes:   v.namesakes(ref),
	}
	for i := range svc.Spec.Ports {
		p := &svc.Spec.Ports[i]
		shown.Ports = append(shown.Ports, ir.Port{
			Number: p.Port, Name: p.Name, Protocol: protocolOf(p), Targets: targets(p, records),
		})
	}
	// Of one number for two transports, UDP comes last: requests find the other.
	slices.SortStableFunc(shown.Ports, func(a, b ir.Port) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(last(a), last(b)))
	})
	return shown
}

func last(p ir.Port) int {
	if p.Protocol == ir.ProtocolUDP {
		return 1
	}
	return 0
}

// targets returns the container ports behind a Service port, sorted.
func targets(p *corev1.ServicePort, records []*record) []int32 {
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal == 0 {
			return []int32{p.Port}
		}
		return []int32{p.TargetPort.IntVal}
	}
	var found []int32
	for _, r := range records {
		for _, c := range r.workload.Ports {
			if c.Name == p.TargetPort.StrVal {
				found = append(found, c.Number)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// portNames lists ports for people, as in "9080 (web), 9090".
func portNames(ports []ir.Port) string {
	names := make([]string, len(ports))
	for i, p := range ports {
		names[i] = portName(p)
	}
	return strings.Join(names, ", ")
}
