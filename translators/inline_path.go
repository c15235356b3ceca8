package translators

import (
	"cmp"
	"errors"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// conjoinPath returns the paths that satisfy have and that, rewritten by the
// route, satisfy want. A nil path is every path.
func conjoinPath(route *ir.Route, have, want *ir.PathMatch) ([]*ir.PathMatch, error) {
	if want == nil {
		return []*ir.PathMatch{have}, nil
	}
	mod := pathRewrite(route)
	if have != nil && have.Type == ir.PathExact {
		if eval.MatchPath(*want, eval.RewritePath(mod, route.Match.Path, have.Value)) {
			return []*ir.PathMatch{have}, nil
		}
		return nil, errNever
	}
	before, err := beforeRewrite(mod, route.Match.Path, want)
	if err != nil {
		return nil, err
	}
	var out []*ir.PathMatch
	for _, path := range before {
		both, err := bothPaths(have, path)
		if errors.Is(err, errNever) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, both)
	}
	if len(out) == 0 {
		return nil, errNever
	}
	return out, nil
}

// pathRewrite returns the route's rewrite of the path; nil where there is none
// or where it has no effect.
func pathRewrite(route *ir.Route) *ir.PathModifier {
	if route.Filters.Rewrite == nil {
		return nil
	}
	return effective(route.Filters.Rewrite.Path, route.Match.Path)
}

// effective returns the modifier, or nil where it replaces the prefix of a
// match that is none.
func effective(mod *ir.PathModifier, matched *ir.PathMatch) *ir.PathModifier {
	if mod != nil && mod.Type == ir.ReplacePrefixMatch && matched != nil && matched.Type != ir.PathPrefix {
		return nil
	}
	return mod
}

// prefixOf returns the prefix that a match stands for, without a slash at its
// end; "" is every path.
func prefixOf(m *ir.PathMatch) string {
	if m == nil {
		return ""
	}
	return strings.TrimSuffix(m.Value, "/")
}

// below says whether the path is the prefix or an element path below it.
func below(path, prefix string) bool {
	return prefix == "" || path == prefix || strings.HasPrefix(path, prefix+"/")
}

// beforeRewrite returns the paths that satisfy want after the rewrite, as
// alternatives.
func beforeRewrite(mod *ir.PathModifier, matched, want *ir.PathMatch) ([]*ir.PathMatch, error) {
	switch {
	case mod == nil:
		return []*ir.PathMatch{want}, nil
	case mod.Type == ir.ReplaceFullPath:
		if eval.MatchPath(*want, mod.Value) {
			return []*ir.PathMatch{nil}, nil
		}
		return nil, errNever
	case want.Type == ir.PathPrefix:
		return prefixBefore(prefixOf(matched), strings.TrimSuffix(mod.Value, "/"), prefixOf(want))
	case want.Type == ir.PathExact:
		return exactBefore(mod, matched, want.Value)
	}
	return nil, errors.New("the route rewrites a prefix of the path, and the split matches the result by a regular expression; match it by prefix or whole")
}

// prefixBefore: the prefix old became new; which paths are now below want?
func prefixBefore(old, replaced, want string) ([]*ir.PathMatch, error) {
	switch {
	case below(replaced, want):
		return []*ir.PathMatch{nil}, nil
	case below(want, replaced):
		return []*ir.PathMatch{{Type: ir.PathPrefix, Value: old + strings.TrimPrefix(want, replaced)}}, nil
	}
	return nil, errNever
}

// exactBefore tries the few paths that can have become the wanted one.
func exactBefore(mod *ir.PathModifier, matched *ir.PathMatch, want string) ([]*ir.PathMatch, error) {
	old, replaced := prefixOf(matched), strings.TrimSuffix(mod.Value, "/")
	candidates := []string{old}
	if rest, ok := strings.CutPrefix(want, replaced); ok && rest != "" {
		candidates = append(candidates, old+rest)
	}
	var out []*ir.PathMatch
	for _, path := range candidates {
		if path != "" && below(path, old) && eval.RewritePath(mod, matched, path) == want {
			out = append(out, &ir.PathMatch{Type: ir.PathExact, Value: path})
		}
	}
	if len(out) == 0 {
		return nil, errNever
	}
	return out, nil
}

// bothPaths returns the match of the paths that satisfy both.
func bothPaths(a, b *ir.PathMatch) (*ir.PathMatch, error) {
	switch {
	case a == nil:
		return b, nil
	case b == nil || *a == *b:
		return a, nil
	case a.Type == ir.PathExact:
		return a, onlyIf(eval.MatchPath(*b, a.Value))
	case b.Type == ir.PathExact:
		return b, onlyIf(eval.MatchPath(*a, b.Value))
	case a.Type == ir.PathRegex && b.Type == ir.PathPrefix && prefixOf(b) == "":
		return a, nil
	case b.Type == ir.PathRegex && a.Type == ir.PathPrefix && prefixOf(a) == "":
		return b, nil
	case a.Type == ir.PathRegex || b.Type == ir.PathRegex:
		return nil, errors.New("the path would have to match a regular expression and something else at once")
	case below(prefixOf(a), prefixOf(b)):
		return a, nil
	}
	return b, onlyIf(below(prefixOf(b), prefixOf(a)))
}

func onlyIf(satisfiable bool) error {
	if satisfiable {
		return nil
	}
	return errNever
}

// pathLine is a path match and the modifier that goes with it.
type pathLine struct {
	match *ir.PathMatch
	mod   *ir.PathModifier
}

// rewriting is a route's rewrite followed by the modifier of the line that the
// result matches. Modifiers are nil where they have no effect.
type rewriting struct {
	first, second *ir.PathModifier
	// outer and inner are the matches whose prefixes they replace.
	outer, inner *ir.PathMatch
}

// composePath returns what the route's rewrite and then the modifier of the
// backend's line do to the paths of the match. It is two lines where the prefix
// alone becomes something else than the prefix of what is below it.
func composePath(route *ir.Route, mod *ir.PathModifier, line *ir.Route, match *ir.PathMatch) ([]pathLine, error) {
	w := rewriting{
		first: pathRewrite(route), second: effective(mod, line.Match.Path),
		outer: route.Match.Path, inner: line.Match.Path,
	}
	switch {
	case w.first == nil && w.second == nil:
		return []pathLine{{match: match}}, nil
	case match != nil && match.Type == ir.PathExact:
		return []pathLine{{match, w.whole(match.Value)}}, nil
	case w.second != nil && w.second.Type == ir.ReplaceFullPath:
		return []pathLine{{match, w.second}}, nil
	case w.first != nil && w.first.Type == ir.ReplaceFullPath:
		return []pathLine{{match, w.whole("/")}}, nil
	case match != nil && match.Type == ir.PathRegex:
		return nil, errors.New("a prefix of the path is rewritten where it is matched by a regular expression")
	}
	return w.prefix(match), nil
}

func (w *rewriting) path(path string) string {
	return eval.RewritePath(w.second, w.inner, eval.RewritePath(w.first, w.outer, path))
}

// whole returns the modifier for one path.
func (w *rewriting) whole(path string) *ir.PathModifier {
	return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: w.path(path)}
}

// prefix follows the prefix of the match through both rewrites.
func (w *rewriting) prefix(match *ir.PathMatch) []pathLine {
	prefix := prefixOf(match)
	value := swapPrefix(swapPrefix(prefix, prefixOf(w.outer), w.first), prefixOf(w.inner), w.second)
	under := &ir.PathMatch{Type: ir.PathPrefix, Value: cmp.Or(prefix, "/")}
	mod := &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: cmp.Or(value, "/")}
	lines := []pathLine{{under, mod}}
	if prefix != "" && eval.RewritePath(mod, under, prefix) != w.path(prefix) {
		alone := pathLine{&ir.PathMatch{Type: ir.PathExact, Value: prefix}, w.whole(prefix)}
		lines = append([]pathLine{alone}, lines...)
	}
	return lines
}

// swapPrefix replaces the matched prefix of a prefix below it.
func swapPrefix(prefix, matched string, mod *ir.PathModifier) string {
	if mod == nil {
		return prefix
	}
	return strings.TrimSuffix(mod.Value, "/") + strings.TrimPrefix(prefix, matched)
}
