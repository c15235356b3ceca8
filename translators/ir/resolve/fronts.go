package resolve

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// splitTopics are the places of a TrafficSplit in indexes: with the Service that
// it divides, and with every other one that it sends requests or copies to.
func splitTopics(split *v1alpha1.TrafficSplit) []topic {
	apex := splitService(split)
	topics := []topic{{splitsOf, apex}}
	for _, ref := range splitBackends(split) {
		if t := (topic{splitsTo, ref}); ref != apex && !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	return topics
}

// splitBackends are the Services that a split names as backends and mirrors.
func splitBackends(split *v1alpha1.TrafficSplit) []ir.Ref {
	var refs []ir.Ref
	add := func(name v1alpha1.ObjectName) {
		if name != "" {
			refs = append(refs, serviceRef(split.Namespace, string(name)))
		}
	}
	for _, b := range split.Spec.BackendRefs {
		add(b.Name)
	}
	for i := range split.Spec.Rules {
		for _, b := range split.Spec.Rules[i].BackendRefs {
			add(b.Name)
		}
		for _, f := range split.Spec.Rules[i].Filters {
			if f.RequestMirror != nil {
				add(f.RequestMirror.BackendRef.Name)
			}
		}
	}
	return refs
}

// reach adds what is to be known of the other ways to the pods of a group. Only
// where the provider needs to know are TrafficSplits read.
func (v *view) reach(access *ir.AccessUnit, group []ir.Ref) {
	if !v.store.options.needs(access.Mesh.Provider).Reach {
		return
	}
	// What policies of another group target is looked at from there, as a front.
	here := func(workload ir.Ref) bool {
		return !slices.ContainsFunc(v.members(servicesOf, workload), func(svc ir.Ref) bool {
			return !slices.Contains(group, svc) && len(v.members(accessOf, svc)) > 0
		})
	}
	for i := range access.Targets {
		access.Targets[i].Routed = v.routed(access.Targets[i].Service.Ref(), here)
	}
	for _, ref := range group {
		if slices.ContainsFunc(access.Targets, func(t ir.AccessTarget) bool { return t.Service.Name == ref.Name }) {
			continue
		}
		access.Others = append(access.Others, ir.AccessTarget{
			Service: v.irService(v.service(ref)), Workloads: workloadsOfRecords(v.records(workloadsOf, ref)), Routed: v.routed(ref, here),
		})
	}
	access.Fronts = v.fronts(group)
}

// routed are the wanted ones of the workloads that the splits of a Service send
// requests to and that it does not select itself.
func (v *view) routed(ref ir.Ref, wanted func(workload ir.Ref) bool) []ir.Workload {
	own := v.members(workloadsOf, ref)
	var records []*record
	for _, split := range byAge[v1alpha1.TrafficSplit](v, splitsOf, ref) {
		for _, backend := range splitBackends(split) {
			for _, workload := range v.members(workloadsOf, backend) {
				if r := v.record(workload); !slices.Contains(own, workload) && !slices.Contains(records, r) && wanted(workload) {
					records = append(records, r)
				}
			}
		}
	}
	return workloadsOfRecords(records)
}

// fronts are the Services outside of a group whose splits send requests to pods
// of the group, by name.
func (v *view) fronts(group []ir.Ref) []ir.Front {
	var fronts []ir.Front
	ours := func(workload ir.Ref) bool {
		return slices.ContainsFunc(v.members(servicesOf, workload), func(svc ir.Ref) bool { return slices.Contains(group, svc) })
	}
	for _, member := range group {
		for _, split := range byAge[v1alpha1.TrafficSplit](v, splitsTo, member) {
			apex := splitService(split)
			known := slices.ContainsFunc(fronts, func(f ir.Front) bool { return f.Service == apex.Name })
			if slices.Contains(group, apex) || known || v.service(apex) == nil {
				continue
			}
			fronts = append(fronts, ir.Front{Service: apex.Name, Workloads: v.routed(apex, ours)})
		}
	}
	slices.SortFunc(fronts, func(a, b ir.Front) int { return strings.Compare(a.Service, b.Service) })
	return fronts
}
