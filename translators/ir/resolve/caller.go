package resolve

import (
	"cmp"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// caller resolves one item of from. Known is false where it names something
// whose identity is not known or, in an Allow, not its own; it then matches
// nobody.
func (s *accessScope) caller(policy *v1alpha1.AccessPolicy, from *v1alpha1.AccessSource, source ir.Source) (caller ir.Caller, known bool) {
	deny := policy.Spec.Action == v1alpha1.AccessDeny
	caller, known = ir.Caller{Source: source}, true
	if from.Anyone != nil {
		caller.Anyone = true
		return caller, true
	}
	narrow := func(ids []ir.Identity, found bool) {
		if caller.Identities != nil {
			ids = slices.DeleteFunc(slices.Clone(ids), func(id ir.Identity) bool { return !slices.Contains(caller.Identities, id) })
		}
		caller.Identities = append([]ir.Identity{}, ids...)
		known = known && found
	}
	if ref := from.ServiceAccount; ref != nil {
		narrow([]ir.Identity{{Namespace: orElse(string(ref.Namespace), policy.Namespace), ServiceAccount: string(ref.Name)}}, true)
	}
	if ref := from.Service; ref != nil {
		svc := serviceRef(orElse(string(ref.Namespace), policy.Namespace), string(ref.Name))
		narrow(s.serviceIdentities(svc, deny, source.At("service")))
	}
	if ref := from.IngressGateway; ref != nil {
		gateway := ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: orElse(string(ref.Namespace), policy.Namespace), Name: string(ref.Name)}
		narrow(s.gatewayIdentities(gateway, deny, source.At("ingressGateway")))
	}
	if from.Namespace != nil {
		caller.Namespaces = []string{string(from.Namespace.Name)}
	}
	caller.Member = from.Member != nil
	// A pod without a proxy calls without an identity, whoever it is. To deny
	// somebody is to deny whoever may be them.
	caller.Unidentified = deny && (caller.Identities != nil || caller.Namespaces != nil)
	return caller, known
}

// serviceIdentities are the identities of the pods of a Service.
func (s *accessScope) serviceIdentities(ref ir.Ref, deny bool, source ir.Source) ([]ir.Identity, bool) {
	who := "Service " + ref.Namespace + "/" + ref.Name
	records := s.pods(ref)
	if len(records) == 0 {
		return s.unknown(who, deny, source)
	}
	ids := identities(records)
	other := s.others(ids, func(r *record) bool { return slices.Contains(records, r) })
	return s.own(ids, shared{who, other}, deny, source)
}

// gatewayIdentities are the identities of the proxies of an IngressGateway.
func (s *accessScope) gatewayIdentities(ref ir.Ref, deny bool, source ir.Source) ([]ir.Identity, bool) {
	who := "IngressGateway " + ref.Namespace + "/" + ref.Name
	state, _ := s.value(ref).(gatewayState)
	if state.workload == nil {
		return s.unknown(who, deny, source)
	}
	records := s.pods(state.service)
	if len(records) == 0 {
		return s.unknown(who, deny, source)
	}
	ids := identities(records)
	other := s.others(ids, func(r *record) bool {
		return slices.Contains(records, r) && !s.servesAnother(r, ref)
	})
	return s.own(ids, shared{who, other}, deny, source)
}

// pods returns the workloads of a Service.
func (s *accessScope) pods(ref ir.Ref) []*record { return s.view.records(workloadsOf, ref) }

// servesAnother says whether a workload is the proxy of a gateway besides one.
func (v *view) servesAnother(r *record, gateway ir.Ref) bool {
	for _, svc := range v.members(servicesOf, r.ref) {
		for _, g := range v.members(gatewaysOf, svc) {
			if g != gateway {
				return true
			}
		}
	}
	return false
}

// unknown reports a caller that runs nothing: it has no identity.
func (s *accessScope) unknown(who string, deny bool, source ir.Source) ([]ir.Identity, bool) {
	f := finding{ir.EffectUnresolved, CodeCallerNotFound, source, s.target}
	if deny {
		f.effect = ir.EffectClosed
		s.report(f, "%s runs no pods, so whom to deny is not known and the target is closed to all: start it, or name its serviceAccount", who)
		return nil, false
	}
	s.report(f, "%s runs no pods, so its identity is not known and nobody is admitted by it: start it, or name its serviceAccount", who)
	return nil, false
}

// others returns a workload with one of the identities that is not one of ours.
func (v *view) others(ids []ir.Identity, ours func(*record) bool) string {
	var found []string
	for _, id := range ids {
		account := ir.Ref{Kind: kindServiceAccount, Namespace: id.Namespace, Name: id.ServiceAccount}
		for _, r := range v.records(workloadsAs, account) {
			if !ours(r) {
				found = append(found, describe(r.workload))
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	return slices.Min(found)
}

// shared is a caller and a workload that has its identity too.
type shared struct{ who, other string }

// own refuses, in an Allow, identities that others have too.
func (s *accessScope) own(ids []ir.Identity, by shared, deny bool, source ir.Source) ([]ir.Identity, bool) {
	switch {
	case by.other == "":
		return ids, true
	case deny:
		s.report(finding{ir.EffectPartial, CodeDeniesOthers, source, s.target},
			"%s runs under a service account that other workloads have too, first %s: they are denied with it; give it a service account of its own", by.who, by.other)
		return ids, true
	}
	s.report(finding{ir.EffectClosed, CodeIdentityShared, source, s.target},
		"%s runs under a service account that other workloads have too, first %s: nobody is admitted by it; give it a service account of its own, or name the serviceAccount", by.who, by.other)
	return nil, false
}

// identities returns the identities of workloads, sorted.
func identities(records []*record) []ir.Identity {
	ids := make([]ir.Identity, len(records))
	for i, r := range records {
		ids[i] = r.workload.Identity
	}
	slices.SortFunc(ids, func(a, b ir.Identity) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.ServiceAccount, b.ServiceAccount))
	})
	return slices.Compact(ids)
}
