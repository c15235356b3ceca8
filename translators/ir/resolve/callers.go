package resolve

import (
	"maps"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// otherServices are the Services of members, but for one, that select pods.
func (v *view) otherServices(mesh string, but ir.Ref) []ir.ServiceName {
	var found []ir.ServiceName
	for _, ns := range v.members(membersOf, meshRef(mesh)) {
		for _, ref := range v.members(servicesIn, namespaceRef(ns.Name)) {
			if ref != but {
				found = append(found, ir.ServiceName{Namespace: ref.Namespace, Name: ref.Name})
			}
		}
	}
	return found
}

// bounds says whether a policy asks for what a mesh may have to be told at the
// callers of a Service.
func bounds(policy *v1alpha1.TrafficPolicy) bool {
	return policy.Spec.OutlierDetection != nil || policy.Spec.ConnectionPool != nil
}

// serviceCallers are the Callers of a service unit. They are read whether or
// not the policies that ask for them are excluded.
func (r *serviceResolution) serviceCallers(mesh ir.Mesh, d ir.DestinationPolicy) []ir.ServiceName {
	if !slices.ContainsFunc(r.policies, bounds) || !r.store.options.needs(mesh.Provider).Callers {
		return nil
	}
	callers := r.otherServices(mesh.Name, r.ref)
	if d.OutlierDetection == nil && d.ConnectionPool == nil {
		return nil
	}
	return callers
}

// callers are the Services of members whose pods run under an identity, or in a
// namespace, that one of the rules names.
func (v *view) callers(mesh ir.Mesh, named []ir.Caller) []ir.CallerService {
	if !v.store.options.needs(mesh.Provider).Callers {
		return nil
	}
	found := map[ir.Ref]bool{}
	for _, caller := range named {
		v.callersOf(mesh.Name, caller, found)
	}
	var callers []ir.CallerService
	for _, ref := range slices.SortedFunc(maps.Keys(found), ir.Ref.Compare) {
		callers = append(callers, ir.CallerService{
			ServiceName: ir.ServiceName{Namespace: ref.Namespace, Name: ref.Name},
			Workloads:   workloadsOfRecords(v.records(workloadsOf, ref)),
			Namesakes:   v.namesakes(ref),
		})
	}
	return callers
}

// callersOf adds those that one caller names. Callers without an identity or a
// namespace name nobody.
func (v *view) callersOf(mesh string, caller ir.Caller, found map[ir.Ref]bool) {
	for _, id := range caller.Identities {
		if !v.in(id.Namespace, mesh) || caller.Namespaces != nil && !slices.Contains(caller.Namespaces, id.Namespace) {
			continue
		}
		account := ir.Ref{Kind: kindServiceAccount, Namespace: id.Namespace, Name: id.ServiceAccount}
		for _, workload := range v.members(workloadsAs, account) {
			for _, svc := range v.members(servicesOf, workload) {
				found[svc] = true
			}
		}
	}
	if caller.Identities != nil {
		return
	}
	for _, ns := range caller.Namespaces {
		if !v.in(ns, mesh) {
			continue
		}
		for _, svc := range v.members(servicesIn, namespaceRef(ns)) {
			found[svc] = true
		}
	}
}
