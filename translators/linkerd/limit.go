package linkerd

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Linkerd counts requests at a Server, and a Server takes the place of the
// default of pods. So a limit is said where access is: it is counted at the
// Server that governs the port anyway, or at one that admits what the default
// of the namespace admits.

// limited is a limit of requests in Linkerd's measure, at the ports that the
// Service which it is of leads to.
type limited struct {
	service   ir.Service
	perSecond int64
	source    ir.Source
}

// perSecond is the limit in whole requests per second; ok is false where it is
// no whole number of them.
func perSecond(l *ir.RateLimit) (count int64, ok bool) {
	requests, per := int64(l.Requests)*int64(time.Second), int64(l.Per.Duration)
	if per <= 0 || requests < per || requests%per != 0 {
		return 0, false
	}
	return requests / per, true
}

// limitIssues refuse what no limit of Linkerd's can say. What can be said is in
// the access unit.
func limitIssues(u *ir.ServiceUnit) []ir.Issue {
	limit := u.Destination.RateLimit
	if limit == nil {
		return nil
	}
	f := finding{Source: limit.Source, Feature: ir.RateLimitLocal, Code: codeInexpressible}
	if len(u.Service.Selector) == 0 {
		f.Code = codeSelectorless
		return []ir.Issue{f.Reject("Service %s has no selector, so no pods can be told to count requests: target a Service with a selector", u.Service.Name)}
	}
	if _, ok := perSecond(limit); ok {
		return unreached(&u.Service, f)
	}
	seconds := int64(max(limit.Per.Duration, time.Second) / time.Second)
	down := int64(limit.Requests) / seconds * seconds
	if down == 0 {
		return []ir.Issue{f.Reject("Linkerd counts whole requests per second, and %d in %d seconds is less than one: write %d, which is 1 per Second",
			limit.Requests, seconds, seconds)}
	}
	return []ir.Issue{f.Reject("Linkerd counts whole requests per second, and %d in %d seconds is no whole number of them: write %d or %d, which are %d and %d per Second",
		limit.Requests, seconds, down, down+seconds, down/seconds, down/seconds+1)}
}

// unreached says of a limit that there is no port yet to count at.
func unreached(service *ir.Service, f finding) []ir.Issue {
	f.Code = codeLimitWithheld
	http := slices.DeleteFunc(slices.Clone(service.Ports), func(p ir.Port) bool { return !p.Protocol.HTTP() })
	switch {
	case len(http) == 0:
		return []ir.Issue{f.Reject("no port of Service %s itself says that it speaks HTTP, which requests are counted of: set appProtocol on the Service port, or name it http, http2 or grpc", service.Name)}
	case !slices.ContainsFunc(http, func(p ir.Port) bool { return len(p.Targets) > 0 }):
		return []ir.Issue{f.Issue(ir.EffectWithheld, v1alpha1.ReasonUnsupported,
			"no pods of Service %s are there whose port could be told, so the limit is not in force: give targetPort a number, or wait for the pods", service.Name)}
	}
	return nil
}

// limitOf is the limit of a target; ok is false where there is none, or one that
// the Service's own unit has refused.
func limitOf(target *ir.AccessTarget) (l limited, ok bool) {
	if target.RateLimit == nil {
		return limited{}, false
	}
	count, ok := perSecond(target.RateLimit)
	return limited{target.Service, count, target.RateLimit.Source}, ok
}

// reaches says whether the Service leads requests to the container port. Where
// nobody says that they are HTTP, a Server would have Linkerd wait for what they
// are.
func (l *limited) reaches(port containerPort) bool {
	return port.http() && slices.ContainsFunc(l.service.Ports, func(p ir.Port) bool {
		return p.Protocol.HTTP() && slices.Contains(p.Targets, port.number)
	})
}

// limitAt is the smallest of the limits that hold at the port, nil where none
// does. Of the others it is said that they do not.
func (g *governor) limitAt(limits []limited, port containerPort) *limited {
	var here []limited
	for i := range limits {
		if limits[i].reaches(port) {
			here = append(here, limits[i])
		}
	}
	if len(here) == 0 {
		return nil
	}
	slices.SortStableFunc(here, func(a, b limited) int {
		return cmp.Or(cmp.Compare(a.perSecond, b.perSecond), strings.Compare(a.service.Name, b.service.Name))
	})
	least := here[0]
	for _, l := range here[1:] {
		if l.perSecond > least.perSecond {
			g.issues = append(g.issues, l.issue(ir.EffectNote, codeLimitShared,
				"pods that Service %s selects, too, have one count at port %d, and the smaller limit, of %d per Second, holds there for requests to both",
				least.service.Name, port.number, least.perSecond))
		}
	}
	return &least
}

// issue says something of the limit at its Service.
func (l *limited) issue(effect ir.Effect, code, format string, args ...any) ir.Issue {
	reason := v1alpha1.ReasonUnsupported
	if effect == ir.EffectNote {
		reason = v1alpha1.ReasonEmulated
	}
	issue := finding{Source: l.source, Feature: ir.RateLimitLocal, Code: code}.Issue(effect, reason, format, args...)
	issue.Target = ir.Target{Kind: "Service", Name: l.service.Name}
	return issue
}

// limitServer has the requests that the Server governs counted. The object has
// the Server's name, and a new number is written in its place: a Server has one
// limit.
func (g *governor) limitServer(name string, limit *limited) {
	p := &rateLimitPolicy{Spec: rateLimitSpec{TargetRef: targetOf(serverKind, name), Total: requestLimit{RequestsPerSecond: limit.perSecond}}}
	p.TypeMeta, p.ObjectMeta = metaOf(rateLimitKind, g.namespace, name)
	before := g.sources
	g.sources = []ir.Source{limit.source}
	g.add(p)
	g.sources = before
}

// limitAlone governs the ports at which requests are limited, and nothing else,
// of pods that rules leave to the default. The Servers admit what that default
// does. They keep their names, so that a port has one Server at any time,
// also while the first policy comes, or the last one goes.
func (g *governor) limitAlone(r region, s scope) {
	for _, port := range s.ports {
		limit := g.limitAt(s.limits, port)
		if limit == nil {
			continue
		}
		g.sources = []ir.Source{limit.source, g.origin}
		g.limitServer(g.serverFor(r, port, g.inbound), limit)
	}
}

// defaultOf is the inbound policy that the pods of an access unit have where no
// Server governs them; empty where it is not known.
func defaultOf(env translators.Env, u *ir.AccessUnit) string {
	if u.Gateways || u.Default == "" && env.Facts[FactDefaultInboundPolicy] == "" {
		return ""
	}
	ns := &ir.NamespaceUnit{Mesh: u.Mesh, AccessDefault: u.Default}
	switch {
	case u.Strict:
		ns.MTLS = &ir.MTLS{Mode: ir.MTLSStrict}
	case u.MTLS != "":
		ns.MTLS = &ir.MTLS{Mode: u.MTLS}
	}
	return cmp.Or(inboundPolicy(env, ns), installedPolicy(env))
}

// withholdLimits takes out limits that would change who is admitted, and says so.
func (g *governor) withholdLimits(limits []limited, gateways bool) {
	for i := range limits {
		why := "the Mesh leaves the default of access alone, and nobody says what it is: set access.default in the Mesh, or annotate it with " +
			v1alpha1.FactPrefix + FactDefaultInboundPolicy
		if gateways {
			why = "its pods are the proxies of an IngressGateway, which access of the mesh never concerns: target the Services behind the gateway"
		}
		issue := limits[i].issue(ir.EffectWithheld, codeLimitWithheld,
			"Linkerd counts requests at a Server, which takes the place of the mesh's default, so the limit of Service %s is not in force: %s", limits[i].service.Name, why)
		if !slices.Contains(g.issues, issue) {
			g.issues = append(g.issues, issue)
		}
	}
}
