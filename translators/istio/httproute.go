package istio

import (
	"slices"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// routeTable translates the routes of one port of a host, in their order: the
// first that matches decides, in Istio as in the IR.
type routeTable struct {
	env translators.Env
	// listener is the port that clients dial, which redirects keep.
	listener int32
	// onlyPort is true where the VirtualService has no other port's routes, so
	// that they need not be told apart.
	onlyPort bool
	issues   []ir.Issue
}

func (t *routeTable) report(issue ir.Issue) { t.issues = append(t.issues, issue) }

// translate leaves out what is never reached, which Istio's analyzers would
// complain of: matches that an earlier route has, and all that follows a route
// that matches every request.
func (t *routeTable) translate(routes []ir.Route) []*networking.HTTPRoute {
	var out []*networking.HTTPRoute
	var seen []*networking.HTTPMatchRequest
	for i := range routes {
		r := &routes[i]
		for _, form := range pathForms(r) {
			route := t.route(r, form)
			matches := len(route.Match)
			route.Match = slices.DeleteFunc(route.Match, func(m *networking.HTTPMatchRequest) bool { return contains(seen, m) })
			if matches > 0 && len(route.Match) == 0 {
				continue
			}
			seen = append(seen, route.Match...)
			out = append(out, route)
		}
		if len(out) > 0 && matchesAll(out[len(out)-1]) {
			break
		}
	}
	return out
}

func contains(list []*networking.HTTPMatchRequest, m *networking.HTTPMatchRequest) bool {
	return slices.ContainsFunc(list, func(other *networking.HTTPMatchRequest) bool { return proto.Equal(other, m) })
}

// matchesAll says whether the route matches every request to its port.
func matchesAll(r *networking.HTTPRoute) bool {
	return len(r.Match) == 0 ||
		len(r.Match) == 1 && proto.Equal(r.Match[0], &networking.HTTPMatchRequest{Port: r.Match[0].Port})
}

// route translates one route in one form of its path.
func (t *routeTable) route(r *ir.Route, form pathForm) *networking.HTTPRoute {
	out := &networking.HTTPRoute{Name: r.Rule, Match: t.matches(&r.Match, form)}
	if r.Filters.Redirect != nil {
		out.Redirect = t.redirect(r.Filters.Redirect, form)
		return out
	}
	live, invalid := shares(r.Backends)
	if len(live) == 0 {
		if r.Fault != nil {
			t.abort(r.Fault, invalid)
		}
		out.DirectResponse = &networking.HTTPDirectResponse{Status: statusInvalidBackend}
		return out
	}
	out.Route = t.destinations(r, live, out)
	out.Rewrite = t.rewrite(&r.Filters, form)
	out.Mirrors = t.mirrors(r.Filters.Mirrors)
	out.CorsPolicy = corsPolicy(r.Filters.CORS)
	out.Timeout, out.Retries = t.limits(r)
	out.Fault = t.fault(r.Fault, invalid)
	return out
}

// destinations translates the live backends. Where any of them changes
// headers, each carries the whole change: Envoy would apply the route's after
// the backend's, the IR has it the other way round.
func (t *routeTable) destinations(r *ir.Route, live []share, out *networking.HTTPRoute) []*networking.HTTPRouteDestination {
	perBackend := false
	for _, s := range live {
		f := s.backend.Filters
		perBackend = perBackend || f.RequestHeaders != nil || f.ResponseHeaders != nil
	}
	if !perBackend {
		out.Headers = t.headers(r.Filters, ir.Filters{})
	}
	var destinations []*networking.HTTPRouteDestination
	for _, s := range live {
		d := &networking.HTTPRouteDestination{Destination: destination(s.backend)}
		if len(live) > 1 {
			d.Weight = s.weight
		}
		if s.weight == 0 {
			t.report(finding{Source: s.backend.Source, Feature: ir.SplitByService, Code: codeInexpressible}.Reject(
				"weight %d is too small beside the others for Istio, whose weights add up to at most %d: raise it, or use 0", s.backend.Weight, maxWeights))
		}
		if perBackend {
			d.Headers = t.headers(r.Filters, s.backend.Filters)
		}
		destinations = append(destinations, d)
	}
	return destinations
}

func destination(b *ir.Backend) *networking.Destination {
	return &networking.Destination{
		Host:   b.Service.Host,
		Subset: b.Subset,
		Port:   &networking.PortSelector{Number: unsigned(b.Service.Port.Number)},
	}
}
