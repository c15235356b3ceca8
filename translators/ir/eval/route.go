package eval

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// Service answers an in-mesh request to a Service: the route table of the port
// it is sent to decides. A port without a table, and a connection that is not
// HTTP, is left to the mesh: it goes to the Service itself, unchanged.
func Service(u *ir.ServiceUnit, r Request) Decision {
	for i := range u.Ports {
		if u.Ports[i].Port.Number == r.Port && !r.Opaque {
			return Table(u.Ports[i].Routes, r)
		}
	}
	to := Destination{Namespace: u.Service.Namespace, Name: u.Service.Name, Port: r.Port}
	return Decision{Line: -1, Shares: []Share{{Part: "1", To: to, Request: r.clone()}}}
}

// Route answers a request to a gateway, for the hostname and listener of the
// unit.
func Route(u *ir.RouteUnit, r Request) Decision { return Table(u.Routes, r) }

// Table answers a request by a route table: the first route whose match the
// request satisfies decides, and none means 404.
//
// A redirect is answered at once. Else a CORS preflight is answered by the
// CORS policy, if there is one. Else the request's headers are modified, then
// its host and path rewritten; mirrors get a copy of that; the backends share
// the requests by weight, each with header modifiers of its own. The weight of
// an invalid backend is answered 500; so is everything where no backend has a
// weight. On the way back the backend's modifiers act before the route's.
func Table(routes []ir.Route, r Request) Decision {
	for i := range routes {
		if MatchRequest(&routes[i].Match, &r) {
			d := apply(&routes[i], r)
			d.Line, d.Rule, d.Source = i, routes[i].Rule, routes[i].Source
			return d
		}
	}
	return Decision{Line: -1, Status: 404}
}

func apply(route *ir.Route, r Request) Decision {
	if redirect := route.Filters.Redirect; redirect != nil {
		return Decision{Status: redirect.StatusCode, Location: location(redirect, route.Match.Path, &r)}
	}
	if cors := route.Filters.CORS; cors != nil && isPreflight(&r) {
		return Decision{Status: 200, Headers: Preflight(cors, &r)}
	}
	sent := Forward(&route.Filters, route.Match.Path, r)
	d := Decision{
		Copies: copies(route.Filters.Mirrors, sent), Shares: shares(route, sent),
		Timeout: limit(route.Timeouts.Request), TryTimeout: limit(route.Timeouts.BackendRequest),
		Retry: unsourcedRetry(route.Retry), Fault: unsourcedFault(route.Fault), CORS: unsourcedCORS(route.Filters.CORS),
	}
	if len(d.Shares) == 0 {
		return Decision{Status: 500}
	}
	return d
}

// Forward returns the request after the filters' header modifiers and rewrite.
// Matched is the path match of the route that the filters are of.
func Forward(f *ir.Filters, matched *ir.PathMatch, r Request) Request {
	r.Headers = ModifyHeaders(r.Headers, f.RequestHeaders)
	if f.Rewrite != nil {
		r.Host = cmp.Or(f.Rewrite.Hostname, r.Host)
		r.Path = RewritePath(f.Rewrite.Path, matched, r.Path)
	}
	return r
}

func copies(mirrors []ir.Mirror, sent Request) []Copy {
	var out []Copy
	for i := range mirrors {
		m := &mirrors[i]
		if m.Backend.Invalid || m.Numerator == 0 {
			continue
		}
		request := sent.clone()
		request.Headers = ModifyHeaders(request.Headers, m.Backend.Filters.RequestHeaders)
		request.Port = m.Backend.Service.Port.Number
		out = append(out, Copy{Part: NewFraction(m.Numerator, m.Denominator), To: destination(&m.Backend), Request: request})
	}
	return out
}

func shares(route *ir.Route, sent Request) []Share {
	var total Fraction = "0"
	for i := range route.Backends {
		total = total.Plus(NewFraction(max(0, route.Backends[i].Weight), 1))
	}
	var out []Share
	for i := range route.Backends {
		b := &route.Backends[i]
		if b.Weight <= 0 {
			continue
		}
		share := Share{Part: NewFraction(b.Weight, 1).over(total)}
		if b.Invalid {
			share.Status = 500
		} else {
			share.To, share.Request = destination(b), sent.clone()
			share.Request.Headers = ModifyHeaders(sent.Headers, b.Filters.RequestHeaders)
			share.Request.Port = b.Service.Port.Number
			share.Response = modifiers(b.Filters.ResponseHeaders, route.Filters.ResponseHeaders)
		}
		out = merge(out, share)
	}
	slices.SortStableFunc(out, func(a, b Share) int {
		return cmp.Or(cmp.Compare(a.To.Namespace, b.To.Namespace), cmp.Compare(a.To.Name, b.To.Name),
			cmp.Compare(a.To.Port, b.To.Port), cmp.Compare(a.To.Subset, b.To.Subset))
	})
	return out
}

// merge adds a share to those it does not differ from but in its part.
func merge(list []Share, share Share) []Share {
	for i := range list {
		same := share
		same.Part = list[i].Part
		if reflect.DeepEqual(same, list[i]) {
			list[i].Part = list[i].Part.Plus(share.Part)
			return list
		}
	}
	return append(list, share)
}

func modifiers(list ...*ir.HeaderModifier) []*ir.HeaderModifier {
	var out []*ir.HeaderModifier
	for _, mod := range list {
		if mod != nil {
			out = append(out, &ir.HeaderModifier{Set: mod.Set, Add: mod.Add, Remove: mod.Remove})
		}
	}
	return out
}

func limit(t *ir.Timeout) *time.Duration {
	if t == nil {
		return nil
	}
	return &t.Duration.Duration
}

func unsourcedRetry(r *ir.Retry) *ir.Retry {
	if r == nil {
		return nil
	}
	out := *r
	out.Source = ir.Source{}
	return &out
}

func unsourcedFault(f *ir.Fault) *ir.Fault {
	if f == nil {
		return nil
	}
	out := *f
	out.Source = ir.Source{}
	return &out
}

func unsourcedCORS(c *ir.CORS) *ir.CORS {
	if c == nil {
		return nil
	}
	out := *c
	out.Source = ir.Source{}
	return &out
}
