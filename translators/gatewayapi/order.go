package gatewayapi

import (
	"reflect"
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// maxLines bounds what a table may grow to while it is put in order.
const maxLines = 256

// Line is one line of a table that means the same in order and by precedence.
type Line struct {
	Match ir.Match
	// Route is the line of the table whose action it has.
	Route *ir.Route
	// Object tells apart the route objects that lines have to stand in.
	Object string
	// index of Route in the table: of two lines that one request satisfies, that
	// with the lower index has to decide.
	index int
}

// Ordering is what Order has to know of those who read the routes.
type Ordering struct {
	Precedence Precedence
	// Object returns the object that a line has to stand in, by any key. Among
	// equals of one object the first decides; of two objects, the older, which
	// nobody can choose. A nil function puts all in one.
	Object func(*ir.Route) string
}

// Order returns lines that mean under the precedence, whatever the request, what
// the routes mean in their order. Lines that nothing reaches are left out. Where
// a line would lose requests to a later one, a line for just those is added;
// where none can be said, that is an issue.
func Order(routes []ir.Route, o Ordering) ([]Line, []ir.Issue) {
	t := ordering{Ordering: o}
	for i := range routes {
		line := Line{Match: normal(routes[i].Match), Route: &routes[i], index: i}
		if o.Object != nil {
			line.Object = o.Object(line.Route)
		}
		t.add(line)
	}
	// Lines that are added are looked at too.
	for i := 0; i < len(t.lines) && len(t.lines) <= maxLines; i++ {
		for j := range i {
			t.settle(t.lines[j], t.lines[i])
		}
	}
	if len(t.lines) > maxLines {
		t.issues = append(t.issues, reject(routes[0].Source, "", "the matches of the rules overlap in too many ways to be put in order: use fewer rules, or matches that exclude each other"))
	}
	slices.SortStableFunc(t.lines, func(a, b Line) int { return a.index - b.index })
	return t.lines, ir.SortIssues(t.issues)
}

// ordering is a table on its way.
type ordering struct {
	Ordering
	lines  []Line
	issues []ir.Issue
}

// add appends the line unless it is there, or requests for it never get there.
func (t *ordering) add(line Line) {
	for i := range t.lines {
		have := &t.lines[i]
		if have.index < line.index && covers(&have.Match, &line.Match) || have.index == line.index && same(&have.Match, &line.Match) {
			return
		}
	}
	t.lines = append(t.lines, line)
}

// settle sees to it that the line with the lower index decides where one
// request satisfies both.
func (t *ordering) settle(first, second Line) {
	if first.index > second.index {
		first, second = second, first
	}
	met, how := conjoin(&first.Match, &second.Match)
	if how == never || SameAction(first.Route, second.Route) || t.Wins(&first, &second) {
		return
	}
	line := Line{Match: met, Route: first.Route, Object: first.Object, index: first.index}
	switch {
	case how == unsaid, same(&met, &first.Match), movesPrefix(first.Route, &met):
		t.refuse(&first, &second)
	default:
		t.add(line)
	}
}

// Wins says whether the first line is sure to decide where a request satisfies
// both.
func (o Ordering) Wins(first, second *Line) bool {
	least, _ := o.Precedence(&first.Match, &second.Match)
	return least > 0 || least == 0 && first.Object == second.Object
}

func (t *ordering) refuse(first, second *Line) {
	t.issues = append(t.issues, reject(first.Route.Source, "",
		"some requests match this rule and %s too, and routes cannot say that this one comes first: make the two exclude each other, or give them the same path", ruleText(second.Route)))
}

func ruleText(r *ir.Route) string {
	if r.Rule != "" {
		return "rule " + r.Rule
	}
	return "the one at " + r.Source.Field
}

// SameAction says whether both lines do the same to the same request.
func SameAction(a, b *ir.Route) bool {
	if replacesPrefix(a) || replacesPrefix(b) {
		return a == b
	}
	x, y := *a, *b
	x.Match, y.Match = ir.Match{}, ir.Match{}
	x.Source, y.Source = ir.Source{}, ir.Source{}
	return reflect.DeepEqual(x, y)
}

// movesPrefix says whether the route replaces the matched prefix, and the match
// has another one.
func movesPrefix(r *ir.Route, m *ir.Match) bool {
	return replacesPrefix(r) && *normalPath(r.Match.Path) != *normalPath(m.Path)
}

func replacesPrefix(r *ir.Route) bool {
	f := &r.Filters
	return f.Redirect != nil && f.Redirect.Path != nil && f.Redirect.Path.Type == ir.ReplacePrefixMatch ||
		f.Rewrite != nil && f.Rewrite.Path != nil && f.Rewrite.Path.Type == ir.ReplacePrefixMatch
}
