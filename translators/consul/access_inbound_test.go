package consul

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
)

func TestInbound(t *testing.T) {
	service := &ir.Service{Name: "ratings", Ports: []ir.Port{
		{Number: 80, Protocol: ir.ProtocolGRPC, Targets: []int32{8080}},
		{Number: 6379, Protocol: ir.ProtocolTCP, Targets: []int32{6379}},
	}}
	both := []ir.ContainerPort{{Name: "grpc", Number: 8080}, {Name: "redis", Number: 6379}}
	pod := func(port string, ports ...ir.ContainerPort) ir.Workload {
		return ir.Workload{Annotations: map[string]string{annotationPort: port}, Ports: ports}
	}
	tests := []struct {
		name     string
		pods     []ir.Workload
		ports    []int32
		protocol string
	}{
		{"the only port", []ir.Workload{pod("", both[1])}, []int32{6379}, ""},
		{"a number", []ir.Workload{pod("8080", both...)}, []int32{8080}, "grpc"},
		{"a name", []ir.Workload{pod("redis", both...)}, []int32{6379}, ""},
		{"a name that no port has", []ir.Workload{pod("http", both...)}, []int32{6379, 8080}, "grpc"},
		{"several", []ir.Workload{pod("grpc, 6379", both...)}, []int32{6379, 8080}, "grpc"},
		{"nothing", []ir.Workload{pod("", both...)}, []int32{6379, 8080}, "grpc"},
		{"pods that differ", []ir.Workload{pod("grpc", both...), pod("redis", both...)}, []int32{6379, 8080}, "grpc"},
		{"no ports", []ir.Workload{pod("")}, []int32{6379, 8080}, "grpc"},
		{"no pods", nil, []int32{6379, 8080}, "grpc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := inboundOf(service, tt.pods)
			if diff := cmp.Diff(tt.ports, in.ports); diff != "" || in.protocol != tt.protocol {
				t.Errorf("protocol %q, want %q; ports (-want +got):\n%s", in.protocol, tt.protocol, diff)
			}
		})
	}
}

func TestOtherNames(t *testing.T) {
	for annotation, want := range map[string]string{
		"": "", "ratings": "", " ratings ": "", "legacy": "legacy", " legacy": "legacy", "legacy,": "legacy", "ratings,admin": "", "a, b": "",
	} {
		if got := otherName("ratings", &ir.Workload{Annotations: map[string]string{annotationService: annotation}}); got != want {
			t.Errorf("with %q pods of ratings run as %q, want %q", annotation, got, want)
		}
	}
}

func TestOpenPorts(t *testing.T) {
	tests := map[string]struct {
		annotations map[string]string
		want        string
	}{
		"none":     {nil, ""},
		"excluded": {map[string]string{annotationExcluded: "9999, 22"}, "ports 22, 9999 (" + annotationExcluded + ")"},
		"all":      {map[string]string{annotationTransparent: "false"}, "all ports (" + annotationTransparent + `: "false")`},
		"captured": {map[string]string{annotationTransparent: "true"}, ""},
	}
	for name, tt := range tests {
		if got := openPorts([]ir.Workload{{Annotations: tt.annotations}}); got != tt.want {
			t.Errorf("%s: open are %q, want %q", name, got, tt.want)
		}
	}
}
