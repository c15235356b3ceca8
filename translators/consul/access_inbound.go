package consul

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/meshloom/meshloom/translators/ir"
)

// Annotations of pods that change what of them Consul governs.
const (
	// annotationService gives a pod the name of another service.
	annotationService = "consul.hashicorp.com/connect-service"
	// annotationPort names the port that a pod registers. The injector writes
	// it where nobody did.
	annotationPort = "consul.hashicorp.com/connect-service-port"
	// annotationTransparent is "false" on pods whose ports are not captured.
	annotationTransparent = "consul.hashicorp.com/transparent-proxy"
	// annotationExcluded lists inbound ports that are not captured.
	annotationExcluded = "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports"
)

// accessAnnotations are all annotations that the translation of access reads.
var accessAnnotations = []string{annotationService, annotationPort, annotationTransparent, annotationExcluded}

// inbound is what reaches the pods of a Service: whatever port a caller dials,
// Consul forwards to the one that the pod registers.
type inbound struct {
	// ports are the container ports that may be the one; several where pods
	// differ or do not say.
	ports []int32
	// protocol is Consul's word for what they speak, where that is HTTP.
	protocol string
}

// inboundOf reads what the pods of a Service register.
func inboundOf(svc *ir.Service, workloads []ir.Workload) inbound {
	var in inbound
	for i := range workloads {
		in.ports = append(in.ports, registered(svc, &workloads[i])...)
	}
	if len(workloads) == 0 {
		in.ports = targets(svc)
	}
	slices.Sort(in.ports)
	in.ports = slices.Compact(in.ports)
	for _, p := range svc.Ports {
		serves := slices.ContainsFunc(p.Targets, func(t int32) bool { return slices.Contains(in.ports, t) })
		if protocol := l7Protocols[p.Protocol]; serves && protocol != "" {
			in.protocol = protocol
			break
		}
	}
	return in
}

var l7Protocols = map[ir.Protocol]string{ir.ProtocolHTTP: "http", ir.ProtocolHTTP2: "http2", ir.ProtocolGRPC: "grpc"}

// registered are the ports that a pod may register: the one that its annotation
// names, by number or name, else the first that it declares, whose place is not
// known.
func registered(svc *ir.Service, w *ir.Workload) []int32 {
	var ports []int32
	for _, name := range strings.Split(w.Annotations[annotationPort], ",") {
		name = strings.TrimSpace(name)
		if number, err := strconv.ParseInt(name, 10, 32); err == nil {
			ports = append(ports, int32(number))
			continue
		}
		for _, p := range w.Ports {
			if p.Name != "" && p.Name == name {
				ports = append(ports, p.Number)
			}
		}
	}
	if len(ports) > 0 {
		return ports
	}
	for _, p := range w.Ports {
		ports = append(ports, p.Number)
	}
	if len(ports) == 0 {
		return targets(svc)
	}
	return ports
}

func targets(svc *ir.Service) []int32 {
	var ports []int32
	for _, p := range svc.Ports {
		ports = append(ports, p.Targets...)
	}
	return ports
}

// only says whether every request arrives at one of the ports; no ports mean
// all of them.
func (in inbound) only(ports []int32) bool {
	return len(ports) == 0 || len(in.ports) > 0 && !slices.ContainsFunc(in.ports, func(p int32) bool { return !slices.Contains(ports, p) })
}

// perhaps says whether a request may arrive at one of the ports.
func (in inbound) perhaps(ports []int32) bool {
	return len(ports) == 0 || len(in.ports) == 0 || slices.ContainsFunc(in.ports, func(p int32) bool { return slices.Contains(ports, p) })
}

// otherName is the service that a pod of a Service runs as instead of it; empty
// where it runs as it. Of several names each is a Service's own.
func otherName(service string, w *ir.Workload) string {
	names := strings.FieldsFunc(w.Annotations[annotationService], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(names) != 1 || names[0] == service {
		return ""
	}
	return names[0]
}

// otherNames are those of all pods of a Service, sorted.
func otherNames(service string, workloads []ir.Workload) []string {
	var names []string
	for i := range workloads {
		if name := otherName(service, &workloads[i]); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
