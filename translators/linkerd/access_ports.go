package linkerd

import (
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// containerPort is a port of pods, as far as it is known to be served.
type containerPort struct {
	number int32
	// protocol is what Services say that it speaks; ProtocolUnknown where they
	// say nothing, or different things.
	protocol ir.Protocol
	// probes are those that kubelet sends to it.
	probes []ir.Probe
}

// proxyPorts are those of Linkerd's own proxy beside a container: they carry
// nothing of the workload.
var proxyPorts = []int32{4140, 4143, 4190, 4191}

// http says whether the port may carry requests, which Linkerd looks for unless
// it is told not to.
func (p containerPort) http() bool {
	return p.protocol.HTTP() || p.protocol == ir.ProtocolUnknown
}

// proxyProtocol tells Linkerd not to look for HTTP where the Service port says
// that it is something else: a server that speaks first would be waited for.
func (p containerPort) proxyProtocol() string {
	switch p.protocol {
	case ir.ProtocolTCP:
		return "opaque"
	case ir.ProtocolTLS, ir.ProtocolHTTPS:
		return "TLS"
	default:
		return "unknown"
	}
}

// portsOf are all container ports that workloads declare, Services lead to, and
// probes ask.
func portsOf(workloads []ir.Workload, services []ir.Service) []containerPort {
	known := map[int32]*containerPort{}
	at := func(number int32) *containerPort {
		if known[number] == nil {
			known[number] = &containerPort{number: number}
		}
		return known[number]
	}
	for i := range workloads {
		if workloads[i].HostNetwork {
			continue
		}
		for _, p := range workloads[i].Ports {
			at(p.Number)
		}
		for _, p := range workloads[i].Probes {
			at(p.Port).probes = append(at(p.Port).probes, p)
		}
	}
	for i := range services {
		for _, p := range services[i].Ports {
			for _, target := range p.Targets {
				port := at(target)
				port.protocol = either(port.protocol, p.Protocol)
			}
		}
	}
	var out []containerPort
	for _, number := range slices.Sorted(maps.Keys(known)) {
		port := *known[number]
		if slices.Contains(proxyPorts, number) || port.protocol == ir.ProtocolUDP {
			continue
		}
		if port.protocol == "" {
			port.protocol = ir.ProtocolUnknown
		}
		slices.SortFunc(port.probes, func(a, b ir.Probe) int { return strings.Compare(a.Path, b.Path) })
		port.probes = slices.Compact(port.probes)
		out = append(out, port)
	}
	return out
}

// either is what two Services say of one port.
func either(a, b ir.Protocol) ir.Protocol {
	switch {
	case a == "" || a == b, a == ir.ProtocolUDP:
		return b
	case b == ir.ProtocolUDP:
		return a
	case a.HTTP() && b.HTTP():
		return ir.ProtocolHTTP
	}
	return ir.ProtocolUnknown
}
