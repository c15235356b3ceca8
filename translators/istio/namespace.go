package istio

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// allWorkloads names the scope of everything in a namespace. No Service can
// have the name.
const allWorkloads = "all workloads"

// translateNamespace writes what a member namespace needs: the label of the
// injector, the mTLS mode, the defaults of access and egress, and the
// AccessPolicies that speak of the whole namespace.
func translateNamespace(env translators.Env, u *ir.NamespaceUnit) translators.Result {
	result := translators.Result{Contributions: membership(env, u)}
	result.Objects = append(result.Objects, mtls(u)...)
	if sidecar := egress(u); sidecar != nil {
		result.Objects = append(result.Objects, *sidecar)
	}
	if u.AccessDefault != ir.AccessDeny && u.Access == nil {
		return result
	}
	scopes, issues := namespaceScopes(u)
	result.Issues = append(result.Issues, issues...)
	for _, scope := range scopes {
		if u.AccessDefault == ir.AccessDeny {
			closing := scope.policy(security.AuthorizationPolicy_ALLOW, "default deny", scope.name)
			result.Objects = append(result.Objects, object(closing, []ir.Source{u.Mesh.Source}))
		}
		if u.Access != nil {
			part := scope.policies(u.Access)
			result.Objects = append(result.Objects, part.Objects...)
			result.Issues = append(result.Issues, part.Issues...)
		}
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// membership contributes the label of the injector to the Namespace. A mesh that
// we install has a revision of its own; before it is known, the label would call
// whatever injector speaks for the others.
func membership(env translators.Env, u *ir.NamespaceUnit) []translators.Contribution {
	env = ofRevision(env, u.Revision)
	if u.MarksAlone || !u.Mesh.Adopted && env.Facts[FactRevision] == "" {
		return nil
	}
	var out []translators.Contribution
	for _, mark := range memberMarks(env) {
		out = append(out, translators.Contribution{
			Object: translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: u.Name},
			Path:   []string{"metadata", "labels", mark.Key},
			Value:  mark.Value,
			Source: u.Mesh.Source.At("spec.members"),
		})
	}
	return out
}

// ofRevision returns env with the revision that members belong to; without one
// it stays as it is.
func ofRevision(env translators.Env, revision string) translators.Env {
	if revision == "" {
		return env
	}
	facts := map[string]string{}
	maps.Copy(facts, env.Facts)
	facts[FactRevision] = revision
	env.Facts = facts
	return env
}

// egress writes the namespace's default Sidecar where the mesh chooses what
// happens to unknown hosts. An installed mesh lets requests out by itself.
func egress(u *ir.NamespaceUnit) *translators.Object {
	mode := networking.OutboundTrafficPolicy_ALLOW_ANY
	switch {
	case u.EgressDefault == ir.EgressDeny:
		mode = networking.OutboundTrafficPolicy_REGISTRY_ONLY
	case u.EgressDefault == "" || !u.Mesh.Adopted:
		return nil
	}
	sidecar := object(&networkingv1.Sidecar{
		TypeMeta:   typeMeta(sidecarKind),
		ObjectMeta: objectMeta(u.Name, prefix+"egress"),
		Spec:       networking.Sidecar{OutboundTrafficPolicy: &networking.OutboundTrafficPolicy{Mode: mode}},
	}, []ir.Source{u.Mesh.Source})
	return &sidecar
}

// namespaceScopes are the sets of workloads that together are the namespace
// without the proxies of its IngressGateways: the whole namespace where it has
// none. Istio selects workloads by labels and cannot leave any out, so beside
// a gateway each kind of workload gets policies of its own.
func namespaceScopes(u *ir.NamespaceUnit) ([]accessScope, []ir.Issue) {
	scope := accessScope{mesh: u.Mesh, namespace: u.Name, name: allWorkloads}
	if len(u.Gateways) == 0 {
		return []accessScope{scope}, nil
	}
	issues := []ir.Issue{finding{Source: u.Mesh.Source, Code: codeSharedGateway}.Note(
		"namespace %s holds workloads and IngressGateway %s: what governs the namespace is written for each kind of workload as it is seen, so a new kind of pod is open until then; give the gateway a namespace of its own",
		u.Name, u.Gateways[0].Name)}
	scopes := map[string]accessScope{}
	for i := range u.Workloads {
		labels := stableLabels(u.Workloads[i].Labels)
		if mistakable(labels, u.Gateways) {
			issues = append(issues, finding{Source: u.Mesh.Source, Code: codeSharedGateway}.Issue(ir.EffectPartial, v1alpha1.ReasonPortsNotClosed,
				"namespace %s: pods with labels %q cannot be told from the proxy of an IngressGateway and are governed by no default and no untargeted AccessPolicy; give them a label of their own, or move the gateway",
				u.Name, labelText(labels)))
			continue
		}
		one := scope
		one.selector, one.name = labels, "workload "+labelText(labels)
		scopes[one.name] = one
	}
	var out []accessScope
	for _, name := range slices.Sorted(maps.Keys(scopes)) {
		out = append(out, scopes[name])
	}
	return out, issues
}

// mistakable says whether a selector of the labels would select the proxy of a
// gateway, too.
func mistakable(labels map[string]string, gateways []ir.GatewayWorkload) bool {
	return slices.ContainsFunc(gateways, func(g ir.GatewayWorkload) bool {
		for key, value := range labels {
			if g.Selector[key] != value {
				return false
			}
		}
		return true
	})
}

// volatileLabels differ from pod to pod, or from rollout to rollout.
var volatileLabels = []string{
	"apps.kubernetes.io/pod-index", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-revision-hash",
	"controller-uid", "job-name", "pod-template-generation", "pod-template-hash", "rollouts-pod-template-hash",
	"security.istio.io/tlsMode", "service.istio.io/canonical-name", "service.istio.io/canonical-revision",
	"statefulset.kubernetes.io/pod-name",
}

func stableLabels(labels map[string]string) map[string]string {
	stable := maps.Clone(labels)
	maps.DeleteFunc(stable, func(key, _ string) bool { return slices.Contains(volatileLabels, key) })
	return stable
}

func labelText(labels map[string]string) string {
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		pairs = append(pairs, key+"="+labels[key])
	}
	return strings.Join(pairs, ",")
}
