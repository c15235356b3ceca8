package consul

import (
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAccess writes one ServiceIntentions for each targeted Service, with
// all that governs it: of several intentions for one caller Consul follows one
// alone, so that nothing adds up by itself.
func translateAccess(_ translators.Env, u *ir.AccessUnit) translators.Result {
	var result translators.Result
	for i := range u.Targets {
		target := &u.Targets[i]
		if len(target.Service.Selector) == 0 {
			result.Issues = append(result.Issues, translators.Unselectable(target, codeNoSelector)...)
			continue
		}
		at := ir.Target{Kind: "Service", Name: target.Service.Name}
		d := destination{
			mesh: u.Mesh, service: &target.Service, workloads: target.Workloads, sets: setsOf(u, target, &at),
			compiler: compiler{in: inboundOf(&target.Service, target.Workloads), known: u.Callers, fallback: u.Default},
		}
		part := d.translate()
		result.Objects = append(result.Objects, part.Objects...)
		result.Contributions = append(result.Contributions, part.Contributions...)
		result.Issues = append(result.Issues, part.Issues...)
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

// setsOf are the rules that govern the pods of a target: its own, those of
// targets that select some of its pods too, and those of the namespace.
func setsOf(u *ir.AccessUnit, target *ir.AccessTarget, at *ir.Target) []ruleSet {
	sets := []ruleSet{{AccessRules: &target.Rules, whole: true, target: at}}
	for i := range u.Targets {
		other := &u.Targets[i]
		if other != target && overlap(&target.Service, &other.Service, target.Workloads) {
			sets = append(sets, ruleSet{AccessRules: &other.Rules, whole: covers(other.Service.Selector, target.Service.Selector)})
		}
	}
	if u.NamespaceRules != nil {
		sets = append(sets, ruleSet{AccessRules: u.NamespaceRules, whole: true})
	}
	return sets
}

// overlap says whether both Services select one of the workloads.
func overlap(a, b *ir.Service, workloads []ir.Workload) bool {
	return slices.ContainsFunc(workloads, func(w ir.Workload) bool {
		return selects(a.Selector, w.Labels) && selects(b.Selector, w.Labels)
	})
}

// selects says whether a Service with the selector selects pods with the labels.
func selects(selector, labels map[string]string) bool {
	return len(selector) > 0 && covers(selector, labels)
}

// covers says whether all that the selector asks for is among the labels.
func covers(selector, labels map[string]string) bool {
	for key, value := range selector {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// destination is a Service that intentions are written for.
type destination struct {
	compiler
	mesh      ir.Mesh
	service   *ir.Service
	workloads []ir.Workload
	sets      []ruleSet
}

// translate writes the intentions, and what they need. Where the name stands for
// more than the Service, nobody is admitted by it.
func (d *destination) translate() translators.Result {
	verdicts := d.compile(d.sets)
	d.inspect()
	sources := verdicts.sources()
	result := translators.Result{Issues: d.issues}
	if len(sources) == 0 {
		return result
	}
	for _, name := range otherNames(d.service.Name, d.workloads) {
		result.Contributions = append(result.Contributions, d.closing(name)...)
	}
	if len(d.service.Namesakes) > 0 {
		result.Contributions = append(result.Contributions, d.closing(d.service.Name)...)
		return result
	}
	var after []translators.ObjectRef
	if needHTTP(sources) {
		defaults := refTo(serviceDefaultsKind, d.service.Namespace, d.service.Name)
		after = append(after, defaults)
		result.Contributions = append(result.Contributions, translators.Contribution{
			Object: defaults, Create: true, Path: []string{"spec", "protocol"}, Value: d.in.protocol, Source: d.origin(),
		})
	}
	spec := serviceIntentions{Destination: intentionDestination{d.service.Name}, Sources: sources}
	entry := newEntry(serviceIntentionsKind, d.service.Namespace, d.service.Name, spec)
	result.Objects = append(result.Objects, object(entry, d.policies(), after...))
	return result
}

// policies are all that govern the destination.
func (d *destination) policies() []ir.Source {
	var out []ir.Source
	for i := range d.sets {
		out = append(out, d.sets[i].Policies...)
	}
	return out
}

// origin is the policy in whose name contributions are made.
func (d *destination) origin() ir.Source {
	policies := ir.Origins(d.policies()...)
	if len(policies) == 0 {
		return d.mesh.Source
	}
	return policies[0]
}

// closing denies everybody a service that several namespaces, or pods of several
// Services, have the name of: each of them may ask for it, and all ask for the
// same. It lives where none of them is.
func (d *destination) closing(name string) []translators.Contribution {
	ref := refTo(serviceIntentionsKind, d.mesh.ControlPlaneNamespace, name)
	part := func(value string, path ...string) translators.Contribution {
		return translators.Contribution{Object: ref, Create: true, Path: append([]string{"spec"}, path...), Value: value, Source: d.origin()}
	}
	return []translators.Contribution{
		part(name, "destination", "name"),
		part(actionDeny, "sources", "[name="+everyService+"]", "action"),
	}
}

// inspect reports what of the destination Consul sees otherwise than the
// policies do.
func (d *destination) inspect() {
	open := openPorts(d.workloads)
	for i := range d.sets {
		set := &d.sets[i]
		for _, policy := range set.Policies {
			d.inspectNames(set, policy)
			if open != "" {
				d.report(set, finding{Source: policy, Code: codePortsOpen}.Issue(ir.EffectPartial, v1alpha1.ReasonPortsNotClosed,
					"%s of the pods of Service %s go round Consul's proxy, and the policy does not govern them: remove the annotation", open, d.service.Name))
			}
		}
	}
}

func (d *destination) inspectNames(set *ruleSet, policy ir.Source) {
	if len(d.service.Namesakes) > 0 {
		d.report(set, finding{Source: policy, Code: codeNamesake}.Closed("Consul takes Service %s of namespaces %s and %s for one service, so both are closed to everybody: rename one of them, or take its namespace out of the mesh",
			d.service.Name, d.service.Namespace, strings.Join(d.service.Namesakes, ", ")))
	}
	for _, name := range otherNames(d.service.Name, d.workloads) {
		d.report(set, finding{Source: policy, Code: codeOtherName}.Closed("pods of Service %s run as service %s, by their annotation %s, which is closed to everybody: remove the annotation", d.service.Name, name, annotationService))
	}
}

// openPorts describes the ports that callers reach without the proxy.
func openPorts(workloads []ir.Workload) string {
	open := map[string]bool{}
	for i := range workloads {
		annotations := workloads[i].Annotations
		if annotations[annotationTransparent] == "false" {
			return "all ports (" + annotationTransparent + ": \"false\")"
		}
		for port := range strings.SplitSeq(annotations[annotationExcluded], ",") {
			if port = strings.TrimSpace(port); port != "" {
				open[port] = true
			}
		}
	}
	if len(open) == 0 {
		return ""
	}
	return "ports " + strings.Join(slices.Sorted(maps.Keys(open)), ", ") + " (" + annotationExcluded + ")"
}
