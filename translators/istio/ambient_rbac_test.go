package istio

import (
	"slices"

	security "istio.io/api/security/v1beta1"
	securityv1 "istio.io/client-go/pkg/apis/security/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// The functions of this file decide with AuthorizationPolicies what a waypoint and
// ztunnel decide. They were written from Istio's source and share no code with
// the translation: a waypoint asks the policies that target the Service that was
// dialled, or the waypoint, and sees the port that was dialled; ztunnel
// asks those without targets, knows nothing of requests, and sees the waypoint
// where one stands between.

var waypointIdentity = ir.Identity{Namespace: "shop", ServiceAccount: "meshloom-waypoint"}

// verdictOf is what policies come to: byDefault where none decided.
type verdictOf struct{ admitted, byDefault bool }

// decided applies the policies that are chosen: DENY before ALLOW, and nothing but
// what an ALLOW admits where there is any.
func decided(objects []translators.Object, req eval.Request, chosen func(*securityv1.AuthorizationPolicy) bool) verdictOf {
	allows, matched := false, false
	for _, obj := range objects {
		policy, ok := obj.Object.(*securityv1.AuthorizationPolicy)
		if !ok || !chosen(policy) {
			continue
		}
		deny := policy.Spec.Action == security.AuthorizationPolicy_DENY
		hit := slices.ContainsFunc(policy.Spec.Rules, func(r *security.Rule) bool { return rbacMatches(r, &req, deny) })
		if deny && hit {
			return verdictOf{}
		}
		allows = allows || !deny
		matched = matched || !deny && hit
	}
	if !allows {
		return verdictOf{admitted: true, byDefault: true}
	}
	return verdictOf{admitted: matched}
}

// ztunnelAdmits decides a connection to pods with the labels.
func ztunnelAdmits(objects []translators.Object, labels map[string]string, req eval.Request) verdictOf {
	req.Opaque = true
	return decided(objects, req, func(p *securityv1.AuthorizationPolicy) bool {
		return len(p.Spec.TargetRefs) == 0 && rbacSelects(p, labels)
	})
}

// waypointAdmits decides a request to a port of a Service.
func waypointAdmits(objects []translators.Object, service string, req eval.Request) verdictOf {
	return decided(objects, req, func(p *securityv1.AuthorizationPolicy) bool {
		for _, ref := range p.Spec.TargetRefs {
			switch {
			case ref.Group == "" && ref.Kind == "Service" && ref.Name == service:
				return true
			case ref.Group == "gateway.networking.k8s.io" && ref.Kind == "Gateway" && ref.Name == waypointIdentity.ServiceAccount:
				return true
			}
		}
		return false
	})
}

// dial sends a request to the port of a Service, by which it gets to container
// port req.Port of pods with the labels.
func dial(objects []translators.Object, service *ir.Service, labels map[string]string, req eval.Request) verdictOf {
	there := req
	for _, p := range service.Ports {
		if slices.Contains(p.Targets, req.Port) {
			there.Port = p.Number
		}
	}
	first := waypointAdmits(objects, service.Name, there)
	req.Caller = &waypointIdentity
	second := ztunnelAdmits(objects, labels, req)
	return verdictOf{admitted: first.admitted && second.admitted, byDefault: first.byDefault && second.byDefault}
}
