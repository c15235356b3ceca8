package linkerd

import (
	"slices"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

func TestInboundPolicy(t *testing.T) {
	tests := []struct {
		name      string
		installed string
		adopted   bool
		access    ir.AccessDefault
		mtls      ir.MTLSMode
		want      string
	}{
		{"nothing is said", "", true, "", "", ""},
		{"deny", "", true, ir.AccessDeny, "", "deny"},
		{"deny refuses plaintext, too", "", true, ir.AccessDeny, ir.MTLSStrict, "deny"},
		{"strict", "", true, "", ir.MTLSStrict, "all-authenticated"},
		{"allow and strict", "", true, ir.AccessAllow, ir.MTLSStrict, "all-authenticated"},
		{"allow in a mesh that was found", "", true, ir.AccessAllow, ir.MTLSPermissive, "all-unauthenticated"},
		{"what an installed mesh has is not written", "", false, ir.AccessAllow, ir.MTLSPermissive, ""},
		{"what is known to be installed is not written", "all-unauthenticated", true, ir.AccessAllow, ir.MTLSPermissive, ""},
		{"permissive does not open what is closed", "deny", true, "", ir.MTLSPermissive, ""},
		{"strict does not open what is closed", "deny", true, "", ir.MTLSStrict, ""},
		{"strict keeps to the cluster", "cluster-unauthenticated", true, "", ir.MTLSStrict, "cluster-authenticated"},
		{"permissive accepts plaintext", "all-authenticated", true, "", ir.MTLSPermissive, "all-unauthenticated"},
		{"allow leaves mutual TLS alone", "all-authenticated", true, ir.AccessAllow, "", ""},
		{"allow opens what is closed", "deny", true, ir.AccessAllow, "", "all-unauthenticated"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := &ir.NamespaceUnit{Name: "shop", Mesh: ir.Mesh{Adopted: tt.adopted}, AccessDefault: tt.access}
			if tt.mtls != "" {
				u.MTLS = &ir.MTLS{Mode: tt.mtls}
			}
			env := translators.Env{}
			if tt.installed != "" {
				env.Facts = map[string]string{FactDefaultInboundPolicy: tt.installed}
			}
			if got := inboundPolicy(env, u); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestStrictRefusesPlaintext asks that policies of the whole namespace admit
// nobody without an identity where mTLS is Strict.
func TestStrictRefusesPlaintext(t *testing.T) {
	at := ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: "shop", Name: "all"}}
	u := &ir.NamespaceUnit{
		Name: "shop", MTLS: &ir.MTLS{Mode: ir.MTLSStrict}, AccessDefault: ir.AccessAllow,
		Workloads: []ir.Workload{{Labels: seenPod.Labels, Ports: []ir.ContainerPort{{Number: 9080}}}},
		Access:    &ir.AccessRules{AllowSelected: true, Policies: []ir.Source{at}, Allow: []ir.AccessRule{{From: []ir.Caller{{Anyone: true, Source: at}}, Source: at}}},
	}
	in := loadInbound(translateNamespace(translators.Env{}, u).Objects, "all-authenticated")
	for from, want := range map[*caller]int{&seenCaller: 200, &outside: 403} {
		if got := mustAnswer(t, in, seenPod, seenGet("/x"), *from); got.status != want || got.byDefault {
			t.Errorf("%+v: %+v", *from, got)
		}
	}
}

// TestGatewaysAreSpared asks that neither the default nor policies of the whole
// namespace hold for the proxy of an IngressGateway.
func TestGatewaysAreSpared(t *testing.T) {
	at := ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: "shop", Name: "all"}}
	gateway := ir.Workload{Labels: map[string]string{"gateway": "public"}}
	u := &ir.NamespaceUnit{
		Name: "shop", Mesh: ir.Mesh{Source: ir.Source{Ref: ir.Ref{Kind: "Mesh", Name: "shop"}}}, AccessDefault: ir.AccessDeny,
		Workloads: []ir.Workload{{Labels: seenPod.Labels, Ports: []ir.ContainerPort{{Number: 9080}}}},
		Access:    &ir.AccessRules{AllowSelected: true, Policies: []ir.Source{at}},
		Gateways: []ir.GatewayWorkload{{
			Namespace: "shop", Name: "public", Selector: gateway.Labels,
			Ports: []ir.Port{{Number: 80, Protocol: ir.ProtocolHTTP, Targets: []int32{9080}}},
		}},
	}
	in := loadInbound(translateNamespace(translators.Env{}, u).Objects, "deny")
	if got := mustAnswer(t, in, gateway, seenGet("/x"), outside); got.status != 200 {
		t.Errorf("the gateway answers %d", got.status)
	}
	if got := mustAnswer(t, in, seenPod, seenGet("/x"), seenCaller); got.status != 403 || got.byDefault {
		t.Errorf("a workload beside it answers %+v", got)
	}
}

// TestRestartsAreAskedFor asks that pods of another default are named, and no
// others.
func TestRestartsAreAskedFor(t *testing.T) {
	workload := func(app, policy string, containers ...string) ir.Workload {
		w := ir.Workload{Labels: map[string]string{"app": app}, Containers: containers}
		if policy != "" {
			w.Annotations = map[string]string{annotationInboundPolicy: policy}
		}
		return w
	}
	u := &ir.NamespaceUnit{Name: "shop", AccessDefault: ir.AccessDeny, Workloads: []ir.Workload{
		workload("new", "deny", proxyContainer), workload("old", "", proxyContainer), workload("outside", ""),
	}}
	issues := translateNamespace(translators.Env{}, u).Issues
	if len(issues) != 1 || issues[0].Effect != ir.EffectWithheld || issues[0].Reason != "RestartRequired" {
		t.Errorf("issues %v", issues)
	}
	u.AccessDefault = ir.AccessAllow
	issues = translateNamespace(translators.Env{}, u).Issues
	if !slices.ContainsFunc(issues, func(i ir.Issue) bool { return i.Reason == "RestartRequired" }) {
		t.Errorf("pods that stay closed are not named: %v", issues)
	}
}

// outbound decides requests to hosts outside of the cluster as Linkerd does with
// the EgressNetwork of the caller's namespace and its routes.
func outbound(objects []translators.Object, host string, port int32, encrypted bool) bool {
	allowed := true
	for _, obj := range objects {
		if e, ok := obj.Object.(*egressNetwork); ok {
			allowed = e.Spec.TrafficPolicy == "Allow"
		}
	}
	for _, obj := range objects {
		hosts, number, tls := egressRouteOf(obj)
		if number == port && tls == encrypted && slices.ContainsFunc(hosts, func(pattern string) bool { return eval.MatchHost(pattern, host) }) {
			return true
		}
	}
	return allowed
}
