package translators

import (
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// MaxInlined bounds the routes of one unit after Inline: more would make
// native objects that no API server takes.
const MaxInlined = 1000

// Inline puts into the routes what the mesh would do with requests to their
// backends, where the pairings say that the route must carry it. The result
// answers a request as the route and then the backend's table would:
//
//   - A split's matches are of the request after the route's filters: what is
//     known of it beforehand is decided here, the rest joins the route's match.
//   - Weights multiply, as exact fractions. Header modifiers follow each other.
//   - Of two timeouts the smaller counts; 0 is none. A retry, a fault or a CORS
//     policy of the route wins over the backend's, which a note says.
//   - What cannot be said in one route table rejects the route, with the
//     reason: two expressions that must both match, or backends that share
//     requests and treat them differently.
//
// Routes stay in their order, which is what their meaning hangs on: the lines
// made of one route take its place. A backend whose pairing failed rejects the
// routes that name it. Of Backends the result keeps what the route must carry.
// The unit given is not changed.
func Inline(u *ir.RouteUnit, pairings Pairings) (*ir.RouteUnit, []ir.Issue) {
	in := &inliner{unit: u, pairings: pairings}
	out := *u
	out.Routes = nil
	for i := range u.Routes {
		in.lines = nil
		route := &u.Routes[i]
		if in.unpaired(route) {
			continue
		}
		if err := in.route(route, MaxInlined-len(out.Routes)); err != nil {
			in.reject(route.Source, err.Error())
			continue
		}
		out.Routes = append(out.Routes, in.lines...)
	}
	out.Backends = in.carried()
	return &out, ir.SortIssues(in.issues)
}

type inliner struct {
	unit     *ir.RouteUnit
	pairings Pairings
	issues   []ir.Issue
	// lines are what the current route has become so far, room is how many
	// more it may become.
	lines []ir.Route
	room  int
}

// part is a backend of a route, with the line of its Service's table that a
// request meets.
type part struct {
	backend *ir.Backend
	// line is nil where the route carries nothing of what the mesh does.
	line  *ir.Route
	carry Layers
}

func (in *inliner) reject(source ir.Source, message string) {
	in.issues = append(in.issues, ir.Issue{
		Effect: ir.EffectRejected, Source: source, Reason: string(v1alpha1.ReasonUnsupported), Code: CodeInline,
		Message: "the ingress does not apply what the mesh says of a backend, and the route cannot carry it: " + message,
	})
}

// unpaired reports the pairings that failed for backends of the route.
func (in *inliner) unpaired(route *ir.Route) bool {
	failed := false
	for i := range route.Backends {
		b := &route.Backends[i]
		for _, issue := range in.pairings[b.Service.Ref()].Issues {
			if issue.Effect == ir.EffectRejected {
				failed = true
			}
			issue.Source = b.Source
			in.issues = append(in.issues, issue)
		}
	}
	return failed
}

// route appends the lines that the route becomes. A route none of whose
// backends has anything to carry stays as it is.
func (in *inliner) route(route *ir.Route, room int) error {
	in.room = room
	if err := in.reachable(route); err != nil {
		return err
	}
	var tables [][]part
	carries := false
	for i := range route.Backends {
		b := &route.Backends[i]
		if b.Weight <= 0 {
			continue
		}
		table, carry := in.table(b)
		carries = carries || table != nil
		tables = append(tables, partsOf(b, table, carry))
	}
	for i := range route.Filters.Mirrors {
		table, _ := in.table(&route.Filters.Mirrors[i].Backend)
		carries = carries || table != nil
	}
	if !carries || len(tables) == 0 {
		return in.emit(*route)
	}
	return in.expand(route, tables, []ir.Match{route.Match}, nil)
}

func (in *inliner) emit(lines ...ir.Route) error {
	if in.room -= len(lines); in.room < 0 {
		return fmt.Errorf("its matches and those of its backends' splits multiply to more than %d routes; use fewer matches, or fewer backends with splits in one rule", MaxInlined)
	}
	in.lines = append(in.lines, lines...)
	return nil
}

// table returns the route table behind a backend as far as the route must
// carry it, and which layers of it; nil where it must carry nothing.
func (in *inliner) table(b *ir.Backend) ([]ir.Route, Layers) {
	carry := in.pairings[b.Service.Ref()].ByRoute.And(Layers{Routing: true, Request: true})
	if carry == (Layers{}) || b.Invalid || b.Subset != "" {
		return nil, Layers{}
	}
	for i := range in.unit.Backends {
		rb := &in.unit.Backends[i]
		if rb.Service.Ref() != b.Service.Ref() || !rb.Member || rb.Split == nil {
			continue
		}
		for j := range rb.Split.Ports {
			if rb.Split.Ports[j].Port.Number == b.Service.Port.Number {
				return rb.Split.Ports[j].Routes, carry
			}
		}
	}
	return nil, Layers{}
}

func partsOf(b *ir.Backend, table []ir.Route, carry Layers) []part {
	if table == nil {
		return []part{{backend: b}}
	}
	parts := make([]part, len(table))
	for i := range table {
		parts[i] = part{backend: b, line: &table[i], carry: carry}
	}
	return parts
}

// expand appends a line for every combination of one line of each table that a
// request can meet. In the order of the tables the first combination whose
// matches all hold is made of the first line of each that holds.
func (in *inliner) expand(route *ir.Route, tables [][]part, matches []ir.Match, chosen []part) error {
	if len(tables) == 0 {
		for i := range matches {
			lines, err := in.compose(route, chosen, matches[i])
			if err != nil {
				return err
			}
			if err := in.emit(lines...); err != nil {
				return err
			}
		}
		return nil
	}
	covered := false
	for _, p := range tables[0] {
		if covered {
			break
		}
		narrowed, err := narrow(route, p, matches)
		if err != nil {
			return fmt.Errorf("rule %s and %s: %w", named(route), p.line.Source, err)
		}
		if len(narrowed) == 0 {
			continue
		}
		covered = sameMatches(narrowed, matches)
		if err := in.expand(route, tables[1:], narrowed, append(slices.Clone(chosen), p)); err != nil {
			return err
		}
	}
	if !covered {
		return fmt.Errorf("rule %s: the table of a backend leaves requests without a route", named(route))
	}
	return nil
}

func named(route *ir.Route) string {
	if route.Rule != "" {
		return fmt.Sprintf("%q", route.Rule)
	}
	return route.Source.Field
}

// carried returns the backends with what the routes must carry of them besides
// their tables: subsets by name, and destination policies.
func (in *inliner) carried() []ir.RouteBackend {
	var out []ir.RouteBackend
	for _, rb := range in.unit.Backends {
		byRoute := in.pairings[rb.Service.Ref()].ByRoute
		if rb.Split != nil {
			split := ir.ServiceUnit{Mesh: rb.Split.Mesh, Service: rb.Split.Service}
			if byRoute.Routing {
				split.Subsets = rb.Split.Subsets
			}
			if byRoute.Destination {
				split.Destination = rb.Split.Destination
			}
			rb.Split = nil
			if len(split.Subsets) > 0 || split.Destination != (ir.DestinationPolicy{}) {
				rb.Split = &split
			}
		}
		out = append(out, rb)
	}
	return out
}

// reachable says whether the route's requests can be sent as the pairings of
// its backends ask for: an ingress that sets the Host once for a whole route
// cannot share its requests among Services that each want their own.
func (in *inliner) reachable(route *ir.Route) error {
	services := map[ir.Ref]bool{}
	coarse := false
	for i := range route.Backends {
		b := &route.Backends[i]
		if b.Weight <= 0 || b.Invalid {
			continue
		}
		ref := b.Service.Ref()
		p := in.pairings[ref]
		services[ref] = true
		coarse = coarse || p.Choice == PerRoute
		if p.Dial == DialService && (p.ByMesh.Routing || p.ByMesh.Request) && in.headless(ref) {
			return fmt.Errorf("%s is headless: it has no address by which the mesh would know it; give it a cluster IP", ref)
		}
	}
	if coarse && len(services) > 1 {
		return fmt.Errorf("rule %s: the mesh wants to be told the Service of each request, which this ingress can do only once for a whole rule; use one backend per rule, and a TrafficSplit behind it", named(route))
	}
	return nil
}

func (in *inliner) headless(ref ir.Ref) bool {
	return slices.ContainsFunc(in.unit.Backends, func(b ir.RouteBackend) bool {
		return b.Service.Ref() == ref && b.Service.Headless
	})
}
