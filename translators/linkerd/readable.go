package linkerd

import (
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// readable returns the route in a form that Linkerd can read, and reports what
// has none: one value that it cannot parse makes it drop the whole route, or
// keep an old one, and say nothing of it.
func (t *table) readable(r *ir.Route) ir.Route {
	out := *r
	if p := r.Match.Path; p != nil && p.Type == ir.PathRegex {
		out.Match.Path = &ir.PathMatch{Type: p.Type, Value: t.expression(p.Value, finding{Source: r.Source, Feature: ir.MatchPathRegex, Code: codeUnreadable})}
	}
	out.Match.Headers = t.values(r.Match.Headers, finding{Source: r.Source, Feature: ir.MatchHeaderRegex, Code: codeUnreadable})
	out.Match.Query = t.values(r.Match.Query, finding{Source: r.Source, Feature: ir.MatchQueryRegex, Code: codeUnreadable})
	for _, h := range r.Match.Headers {
		t.text(h.Value, finding{Source: r.Source, Feature: ir.MatchHeader, Code: codeUnreadable})
	}
	t.filters(&r.Filters, &r.Match)
	for i := range r.Backends {
		t.headers(r.Backends[i].Filters.RequestHeaders, ir.BackendHeaders)
		t.headers(r.Backends[i].Filters.ResponseHeaders, ir.BackendHeaders)
	}
	return out
}

// values anchors expressions: Linkerd takes what an expression finds first and
// wants that to be the whole value.
func (t *table) values(list []ir.ValueMatch, f finding) []ir.ValueMatch {
	var out []ir.ValueMatch
	for _, v := range list {
		if v.Type == ir.ValueRegex {
			v.Value = t.expression(v.Value, f)
		}
		out = append(out, v)
	}
	return out
}

// special are the characters that the two dialects of expressions read
// differently in some place: escapes, classes, groups with flags, counts.
const special = `\[{`

// expression says an expression of RE2 for Linkerd, whose dialect lacks some
// escapes, has set operations in classes and no literal braces. What may be read
// differently is written in the form that both read alike.
func (t *table) expression(value string, f finding) string {
	parsed, err := syntax.Parse(value, syntax.Perl)
	if err != nil {
		t.report(f.Reject("%q is no regular expression: %v", value, err))
		return value
	}
	if strings.ContainsAny(value, special) || strings.Contains(value, "(?") {
		value = parsed.String()
	}
	if hasWordBoundary(parsed) {
		t.report(f.Reject("Linkerd's regular expressions know words of all scripts: write %q without word boundaries", value))
	}
	value = "^(?:" + value + ")$"
	if longest := maxExpression[f.Feature]; len(value) > longest {
		t.report(f.Reject("the expression is %d characters long in the form that Linkerd reads, and at most %d fit: make it shorter", len(value), longest))
	}
	return value
}

// maxExpression is how long the values may be by the schema of routes.
var maxExpression = map[ir.Feature]int{ir.MatchPathRegex: 1024, ir.MatchHeaderRegex: 4096, ir.MatchQueryRegex: 1024}

func hasWordBoundary(re *syntax.Regexp) bool {
	return re.Op == syntax.OpWordBoundary || re.Op == syntax.OpNoWordBoundary || slices.ContainsFunc(re.Sub, hasWordBoundary)
}

// text reports values of headers that are no visible ASCII.
func (t *table) text(value string, f finding) {
	if strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') }) {
		t.report(f.Reject("Linkerd reads header values of visible ASCII alone: %q has other characters", value))
	}
}

// headers reports what a header modifier cannot say.
func (t *table) headers(m *ir.HeaderModifier, feature ir.Feature) {
	if m == nil {
		return
	}
	f := finding{Source: m.Source, Feature: feature, Code: codeUnreadable}
	names := append([]string(nil), m.Remove...)
	for _, list := range [][]ir.Header{m.Set, m.Add} {
		for _, h := range list {
			names = append(names, h.Name)
			t.text(h.Value, f)
		}
	}
	for _, name := range names {
		if strings.EqualFold(name, "host") {
			t.report(finding{Source: m.Source, Feature: feature, Code: codeInexpressible}.Reject("Linkerd cannot change the Host header: remove it from the filter"))
		}
	}
}

// filters reports what redirects and header modifiers cannot say.
func (t *table) filters(f *ir.Filters, match *ir.Match) {
	t.headers(f.RequestHeaders, ir.RequestHeaders)
	t.headers(f.ResponseHeaders, ir.ResponseHeaders)
	r := f.Redirect
	if r == nil {
		return
	}
	if r.StatusCode != 301 && r.StatusCode != 302 {
		t.report(finding{Source: r.Source, Feature: ir.Redirecting, Code: codeUnreadable}.Reject(
			"Linkerd reads the redirects of Gateway API 1.2.1 alone, which have no status %d: use 301 or 302", r.StatusCode))
	}
	if p := r.Path; p != nil && p.Type == ir.ReplacePrefixMatch {
		root := match.Path == nil || strings.TrimSuffix(match.Path.Value, "/") == ""
		if root || strings.TrimSuffix(p.Value, "/") == "" {
			t.report(finding{Source: r.Source, Feature: ir.RedirectPath, Code: codeInexpressible}.Reject(
				`Linkerd leaves a double slash where the prefix "/" is replaced, or replaced by "/": name longer ones, or use ReplaceFullPath`))
		}
	}
}
