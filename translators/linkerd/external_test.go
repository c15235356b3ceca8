package linkerd

import (
	"slices"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1alpha2 "sigs.k8s.io/gateway-api/apis/v1alpha2"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// egressRouteOf reads the hosts and the port of a route of the EgressNetwork.
func egressRouteOf(obj translators.Object) (hosts []string, port int32, encrypted bool) {
	var names []gatewayv1.Hostname
	var parents []gatewayv1.ParentReference
	switch r := obj.Object.(type) {
	case *gatewayv1.HTTPRoute:
		names, parents = r.Spec.Hostnames, r.Spec.ParentRefs
	case *gatewayv1alpha2.TLSRoute:
		names, parents, encrypted = r.Spec.Hostnames, r.Spec.ParentRefs, true
	}
	for _, name := range names {
		hosts = append(hosts, string(name))
	}
	if len(parents) == 1 && string(*parents[0].Kind) == "EgressNetwork" && string(parents[0].Name) == egressName {
		port = *parents[0].Port
	}
	return hosts, port, encrypted
}

func TestEgressMeansTheSame(t *testing.T) {
	unit := &ir.ExternalUnit{
		Namespace: "shop", Name: "pay", Hosts: []string{"*.cdn.example", "api.pay.example"}, Resolution: ir.ResolutionDNS,
		Ports: []ir.ExternalPort{{Port: 443, Protocol: ir.ProtocolTLS}, {Port: 80, Protocol: ir.ProtocolHTTP}, {Port: 8443, Protocol: ir.ProtocolGRPC}},
	}
	routes := translateExternal(translators.Env{}, unit).Objects
	for _, egress := range []ir.EgressDefault{ir.EgressAllow, ir.EgressDeny} {
		objects := slices.Concat(translateNamespace(translators.Env{}, &ir.NamespaceUnit{Name: "shop", EgressDefault: egress}).Objects, routes)
		for _, host := range []string{"api.pay.example", "pay.example", "a.cdn.example", "a.b.cdn.example", "cdn.example", "evil.example"} {
			for port, encrypted := range map[int32]bool{443: true, 80: false, 8443: false, 22: false} {
				want := egress == ir.EgressAllow || eval.External(unit, "shop", host, port)
				if got := outbound(objects, host, port, encrypted); got != want {
					t.Errorf("egress %s, %s:%d: %v, want %v", egress, host, port, got, want)
				}
			}
		}
	}
}

func TestEgressThatCannotBeToldIsRefused(t *testing.T) {
	old := translators.Env{GatewayAPI: translators.GatewayAPI{Served: []string{"HTTPRoute/v1", "TLSRoute/v1"}}}
	tests := []struct {
		name  string
		env   translators.Env
		hosts []string
		port  ir.Protocol
	}{
		{"TCP has no host", translators.Env{}, []string{"db.example"}, ir.ProtocolTCP},
		{"every host", translators.Env{}, []string{"*"}, ir.ProtocolHTTP},
		{"no TLSRoute of the version that Linkerd watches", old, []string{"db.example"}, ir.ProtocolTLS},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result := translateExternal(tt.env, &ir.ExternalUnit{Namespace: "shop", Name: "x", Hosts: tt.hosts, Ports: []ir.ExternalPort{{Port: 443, Protocol: tt.port}}})
			if len(result.Objects) > 0 || len(result.Issues) != 1 || result.Issues[0].Effect != ir.EffectRejected {
				t.Errorf("%+v", result)
			}
		})
	}
}
