package translatortest

import (
	"math/rand/v2"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// RandomRequest returns a request that the unit has something to say of: most
// of them satisfy, or nearly satisfy, one of its matches or rules.
func RandomRequest(r *rand.Rand, u *ir.Unit) eval.Request { return (&Gen{Rand: r}).Request(u) }

// Request returns a random request for the unit.
func (g *Gen) Request(u *ir.Unit) eval.Request {
	req := g.plainRequest()
	switch {
	case u.Service != nil:
		req.Host, req.Port = u.Service.Service.Host, HTTPPort
		if ports := u.Service.Ports; len(ports) > 0 {
			port := one(g, ports)
			req.Port = port.Port.Number
			g.aim(&req, port.Routes)
		}
	case u.Route != nil:
		req.Host, req.Port = u.Route.Hostname, u.Route.Listener.Port
		g.aim(&req, u.Route.Routes)
		if len(u.Route.Backends) > 0 && g.chance(3) {
			if split := one(g, u.Route.Backends).Split; split != nil && len(split.Ports) > 0 {
				g.aim(&req, split.Ports[0].Routes)
			}
		}
	case u.Access != nil || u.Namespace != nil:
		req.Port = HTTPPort
		if g.chance(5) {
			req = eval.Request{Port: OpaquePort, Opaque: true}
		}
		if !g.chance(4) {
			caller := one(g, identities)
			req.Caller = &caller
		}
	}
	return req
}

func (g *Gen) plainRequest() eval.Request {
	req := eval.Request{Method: one(g, methods), Scheme: "http", Path: one(g, append([]string{"/c", "/a/x", "/new", "/a//b"}, pathValues...)), Headers: map[string]string{}}
	for _, name := range headerNames {
		if g.chance(2) {
			req.Headers[name] = one(g, headerValues)
		}
	}
	for _, name := range queryNames {
		if g.chance(3) {
			req.Query = append(req.Query, eval.Param{Name: name, Value: one(g, headerValues)})
		}
	}
	return req
}

// aim changes the request towards the match of one of the routes.
func (g *Gen) aim(req *eval.Request, routes []ir.Route) {
	if len(routes) == 0 || g.chance(4) {
		return
	}
	m := one(g, routes).Match
	if m.Path != nil && m.Path.Type != ir.PathRegex {
		req.Path = m.Path.Value
		if m.Path.Type == ir.PathPrefix {
			req.Path = strings.TrimSuffix(req.Path, "/") + one(g, []string{"", "/", "/b", "/x", "x"})
		}
		if req.Path == "" {
			req.Path = "/"
		}
	}
	if m.Method != "" {
		req.Method = m.Method
	}
	for _, h := range m.Headers {
		if h.Type == ir.ValueExact {
			req.Headers[h.Name] = h.Value
		}
	}
	for _, q := range m.Query {
		if q.Type == ir.ValueExact {
			req.Query = append([]eval.Param{{Name: q.Name, Value: q.Value}}, req.Query...)
		}
	}
}
