package consul

import (
	"reflect"
	"slices"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateService writes what Consul's discovery chain of a Service is compiled
// from: a router of the lines of its route table, which falls through to a
// splitter, which shares requests among Services and subsets.
func translateService(_ translators.Env, u *ir.ServiceUnit) translators.Result {
	if issues := refusals(u); len(issues) > 0 {
		return translators.Result{Issues: issues}
	}
	t := newTable(u)
	t.resolver()
	t.watched(u.Destination.OutlierDetection)
	t.result.Contributions = append(t.result.Contributions, callerParts(u)...)
	if len(u.Ports) > 0 {
		t.routes()
	}
	return t.result
}

// table is the translation of a Service in the making.
type table struct {
	unit *ir.ServiceUnit
	// apex is what Consul calls the Service.
	apex string
	port ir.Port
	// lines are those that a request can reach.
	lines []ir.Route
	// apexIsBackend says that a line with a match sends requests to the Service
	// as a whole. It has no splitter of its own then, which would share them out.
	apexIsBackend bool
	// routed are the lines as the router has them.
	routed []serviceRoute
	// after must exist before routers and splitters are written; targets, the
	// services made for lines, before the router.
	after, targets []translators.ObjectRef
	// empty is true once a service that nobody serves is needed.
	empty  bool
	result translators.Result
}

func newTable(u *ir.ServiceUnit) *table {
	t := &table{unit: u, apex: u.Service.Name}
	if len(u.Ports) == 0 {
		return t
	}
	t.port, t.lines = u.Ports[0].Port, reachable(u.Ports[0].Routes)
	for i := range t.lines[:len(t.lines)-1] {
		for _, b := range t.lines[i].Backends {
			t.apexIsBackend = t.apexIsBackend || b.Weight > 0 && !b.Invalid && t.isApex(&b)
		}
	}
	return t
}

// isApex says whether the backend is the Service of the table as a whole.
func (t *table) isApex(b *ir.Backend) bool {
	return b.Service.Ref() == t.unit.Service.Ref() && b.Subset == ""
}

// reachable leaves out lines that a request never comes to: those that match
// what an earlier line matches, and those after one that matches everything.
func reachable(routes []ir.Route) []ir.Route {
	var out []ir.Route
	for _, r := range routes {
		if slices.ContainsFunc(out, func(earlier ir.Route) bool { return reflect.DeepEqual(earlier.Match, r.Match) }) {
			continue
		}
		out = append(out, r)
		if everything(r.Match) {
			break
		}
	}
	return out
}

// everything says whether a match holds for every request.
func everything(m ir.Match) bool {
	if m.Path != nil && m.Path.Type == ir.PathPrefix && trimPrefix(m.Path.Value) == "" {
		m.Path = nil
	}
	return reflect.DeepEqual(m, ir.Match{})
}

// routes writes the router, where there is anything for it to say.
func (t *table) routes() {
	t.defaults()
	for i := range t.lines {
		t.line(&t.lines[i], i == len(t.lines)-1)
	}
	if len(t.routed) == 0 {
		return
	}
	var sources []ir.Source
	for i := range t.lines {
		sources = append(sources, t.lines[i].Sources()...)
	}
	router := newEntry(serviceRouterKind, t.unit.Service.Namespace, t.apex, serviceRouter{Routes: t.routed})
	t.result.Objects = append(t.result.Objects, object(router, sources, slices.Concat(t.after, t.targets)...))
}

// line adds a line of the table to the router: once for every form of its path.
// A last line that says nothing but what Consul does anyway is left out.
func (t *table) line(r *ir.Route, last bool) {
	forms, ok := t.expressible(r)
	if !ok {
		return
	}
	to := t.destination(r, last)
	limit(to, r)
	for _, form := range forms {
		route := serviceRoute{Match: match(&r.Match, form)}
		if form.rewrites || !reflect.DeepEqual(to, &routeDestination{Service: t.apex}) {
			destination := *to
			destination.PrefixRewrite = form.rewrite
			route.Destination = &destination
		}
		if route != (serviceRoute{}) {
			t.routed = append(t.routed, route)
		}
	}
}

// report adds an issue, once.
func (t *table) report(issue ir.Issue) {
	if !slices.Contains(t.result.Issues, issue) {
		t.result.Issues = append(t.result.Issues, issue)
	}
}

// expressible returns the forms of the line's path, or reports what of the line
// Consul cannot say.
func (t *table) expressible(r *ir.Route) ([]pathForm, bool) {
	forms, ok := pathForms(r)
	if !ok {
		t.report(finding{Source: r.Filters.Rewrite.Source, Feature: ir.RewritePathFull, Code: codeInexpressible}.Reject(
			"Consul replaces the part of the path that a match has matched, which is all of it with type Exact alone: match by Exact, or use ReplacePrefixMatch"))
	}
	if !knownMethod(r.Match.Method) {
		t.report(finding{Source: r.Source, Feature: ir.MatchMethod, Code: codeInexpressible}.Reject(
			"Consul does not know the method %s: match by path or header instead", r.Match.Method))
		ok = false
	}
	return forms, t.hostUntouched(r) && ok
}

// hostUntouched reports header modifiers that change the Host header, which
// Consul's proxies do not let routes do.
func (t *table) hostUntouched(r *ir.Route) bool {
	ok := true
	check := func(f *ir.Filters, request, response ir.Feature) {
		for _, m := range []struct {
			*ir.HeaderModifier
			feature ir.Feature
		}{{f.RequestHeaders, request}, {f.ResponseHeaders, response}} {
			if touchesHost(m.HeaderModifier) {
				ok = false
				t.report(finding{Source: m.Source, Feature: m.feature, Code: codeInexpressible}.Reject("Consul cannot change the Host header: leave it out"))
			}
		}
	}
	check(&r.Filters, ir.RequestHeaders, ir.ResponseHeaders)
	for i := range r.Backends {
		check(&r.Backends[i].Filters, ir.BackendHeaders, ir.BackendHeaders)
	}
	return ok
}
