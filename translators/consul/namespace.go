package consul

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateNamespace writes what a member namespace needs: the mark of the
// injector, intentions of the Services that no AccessPolicy targets, where policies speak of the whole
// namespace, and which Services accept plaintext. What Consul has once for all
// is the mesh unit's.
func translateNamespace(_ translators.Env, u *ir.NamespaceUnit) translators.Result {
	result := translators.Result{Contributions: membership(u)}
	for i := range u.Services {
		d := ownDestination(u, &u.Services[i])
		part := d.translate()
		result.Issues = append(result.Issues, part.Issues...)
		if !slices.Contains(u.Targeted, d.service.Name) {
			result.Objects = append(result.Objects, part.Objects...)
			result.Contributions = append(result.Contributions, part.Contributions...)
		}
	}
	if len(u.Services) == 0 && u.Access != nil {
		// Nobody is governed yet, and what is wrong with the policies is said
		// all the same.
		d := ownDestination(u, &ir.Service{Namespace: u.Name})
		d.compile(d.sets)
		result.Issues = append(result.Issues, d.issues...)
	}
	plain, issues := plaintext(u)
	result.Contributions = append(result.Contributions, plain...)
	result.Issues = ir.SortIssues(append(result.Issues, issues...))
	return result
}

// ownDestination is a Service of the namespace with the rules that govern it
// where no policy targets it. A Service that selects pods of a targeted one is
// closed: a pod has one name in Consul, and by this one the policies of the
// other would not govern it.
func ownDestination(u *ir.NamespaceUnit, svc *ir.Service) *destination {
	var workloads []ir.Workload
	for _, w := range u.Workloads {
		if selects(svc.Selector, w.Labels) {
			workloads = append(workloads, w)
		}
	}
	at := ir.Target{Kind: "Namespace"}
	d := &destination{
		mesh: u.Mesh, service: svc, workloads: workloads,
		compiler: compiler{in: inboundOf(svc, workloads), known: u.Callers, fallback: u.AccessDefault},
	}
	if u.Access != nil {
		d.sets = append(d.sets, ruleSet{AccessRules: u.Access, whole: true, target: &at})
	}
	if twin := targetedTwin(u, svc, workloads); twin != "" {
		d.sets = append(d.sets, ruleSet{AccessRules: &ir.AccessRules{DenyAll: true, Policies: []ir.Source{u.Mesh.Source}}, whole: true, target: &at})
		d.issues = append(d.issues, overlapping(u, svc, twin))
	}
	if len(d.sets) == 0 {
		// The default is said once for all.
		d.fallback = ""
	}
	return d
}

// targetedTwin is a targeted Service that selects some of the same pods; empty
// where there is none, or the Service is targeted itself.
func targetedTwin(u *ir.NamespaceUnit, svc *ir.Service, workloads []ir.Workload) string {
	if slices.Contains(u.Targeted, svc.Name) {
		return ""
	}
	for i := range u.Services {
		other := &u.Services[i]
		if slices.Contains(u.Targeted, other.Name) && overlap(svc, other, workloads) {
			return other.Name
		}
	}
	return ""
}

func overlapping(u *ir.NamespaceUnit, svc *ir.Service, twin string) ir.Issue {
	return finding{Source: u.Mesh.Source, Code: codeOverlap}.Issue(ir.EffectPartial, v1alpha1.ReasonUnsupportedClosed,
		"Services %s and %s of namespace %s select the same pods, of which Consul knows each by one name; an AccessPolicy targets %s alone, so %s is closed to everybody: target both, or remove one",
		twin, svc.Name, u.Name, twin, svc.Name)
}
