package linkerd

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// wholeNamespace begins the names of what governs pods that no Service is
// targeted for.
const wholeNamespace = "namespace"

// egressName is the name of a namespace's EgressNetwork.
const egressName = "meshloom-egress"

// translateNamespace writes what a member namespace needs: the marks of the
// injector, the default of pods, the default of egress, and what the
// AccessPolicies that speak of the whole namespace say of pods that no access
// unit governs.
func translateNamespace(env translators.Env, u *ir.NamespaceUnit) translators.Result {
	result := translators.Result{Contributions: membership(env, u)}
	inbound, issues := defaultInbound(env, u)
	result.Contributions, result.Issues = append(result.Contributions, inbound...), issues
	g := &governor{
		writer:    writer{namespace: u.Name, scope: wholeNamespace, probers: probeNetworks(env)},
		byDefault: u.AccessDefault, origin: u.Mesh.Source, widened: map[ir.Source]ir.Feature{},
		strict: u.MTLS != nil && u.MTLS.Mode == ir.MTLSStrict,
	}
	targeted := targetedSelectors(u)
	if u.Access != nil {
		g.untargeted(u, targeted)
		result.Issues = append(result.Issues, pathIssues(u.Access)...)
	}
	if len(inbound) > 0 && inbound[0].Value != inboundAllUnauthenticated {
		g.spareGateways(u, targeted)
	}
	g.egress(u)
	result.Objects = g.objects
	result.Issues = append(append(result.Issues, g.issues...), widenedIssues(g.widened)...)
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// translateMesh writes nothing: what members need is written per namespace, so
// that namespaces outside the mesh are never touched.
func translateMesh(translators.Env, *ir.MeshUnit) translators.Result { return translators.Result{} }

func namespaceRef(name string) translators.ObjectRef {
	return translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: name}
}

// membership contributes the marks of the injector to the Namespace.
func membership(env translators.Env, u *ir.NamespaceUnit) []translators.Contribution {
	if u.MarksAlone {
		return nil
	}
	var out []translators.Contribution
	for _, mark := range memberMarks(env) {
		field := "labels"
		if mark.Annotation {
			field = "annotations"
		}
		out = append(out, translators.Contribution{
			Object: namespaceRef(u.Name), Path: []string{"metadata", field, mark.Key}, Value: mark.Value,
			Source: u.Mesh.Source.At("spec.members"),
		})
	}
	return out
}

// targetedSelectors select the pods that access units govern.
func targetedSelectors(u *ir.NamespaceUnit) []map[string]string {
	var out []map[string]string
	for i := range u.Services {
		if slices.Contains(u.Targeted, u.Services[i].Name) && len(u.Services[i].Selector) > 0 {
			out = append(out, u.Services[i].Selector)
		}
	}
	return out
}

func gatewaySelectors(u *ir.NamespaceUnit) []map[string]string {
	var out []map[string]string
	for i := range u.Gateways {
		if len(u.Gateways[i].Selector) > 0 {
			out = append(out, u.Gateways[i].Selector)
		}
	}
	return out
}

// untargeted governs all pods but those of access units and of IngressGateways, at
// every port that is known of any pod of the namespace.
func (g *governor) untargeted(u *ir.NamespaceUnit, targeted []map[string]string) {
	rest := minus([]region{{}}, append(targeted, gatewaySelectors(u)...))
	workloads := slices.Clone(u.Workloads)
	for i := range workloads {
		if !slices.ContainsFunc(rest, func(r region) bool { return r.has(workloads[i].Labels) }) {
			workloads[i].Probes = nil
		}
	}
	ports := portsOf(workloads, u.Services)
	for _, r := range rest {
		g.region(r, scope{rules: []*ir.AccessRules{u.Access}, ports: ports})
	}
	if u.AccessDefault != ir.AccessDeny {
		g.issues = append(g.issues, openPorts(u.Access.Policies, ir.Target{Kind: "Namespace"}, ports)...)
	}
}

// spareGateways keeps the default of pods from the listeners of IngressGateways.
func (g *governor) spareGateways(u *ir.NamespaceUnit, targeted []map[string]string) {
	g.sources = []ir.Source{u.Mesh.Source}
	selectors := gatewaySelectors(u)
	for _, r := range minus(regions(selectors), targeted) {
		var services []ir.Service
		for _, i := range r.in {
			services = append(services, ir.Service{Ports: u.Gateways[i].Ports})
		}
		for _, port := range portsOf(nil, services) {
			g.serverFor(r, port, inboundAllUnauthenticated)
		}
	}
}

// egress writes what happens to hosts that no route of an ExternalService names.
func (g *governor) egress(u *ir.NamespaceUnit) {
	if u.EgressDefault == "" {
		return
	}
	g.sources = []ir.Source{u.Mesh.Source}
	e := &egressNetwork{Spec: egressNetworkSpec{TrafficPolicy: string(u.EgressDefault)}}
	e.TypeMeta, e.ObjectMeta = metaOf(egressNetworkKind, u.Name, egressName)
	g.add(e)
}

func labelText(labels map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}
