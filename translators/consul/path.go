package consul

import (
	"regexp"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// pathForm is one way in which a route's path is matched, and what stands in
// the place of what it matched. Consul's prefixes are strings, the IR's are
// elements: /foo is the whole path /foo or a path that begins with /foo/.
type pathForm struct {
	exact, prefix, regex string
	// whole, where it is set, is the only path that prefix stands for.
	whole string
	// rewrite is the prefixRewrite of a route with a destination: Consul strips
	// what a prefix matched from the path where it is told nothing.
	rewrite string
	// rewrites says that the path is changed, so that a destination is needed.
	rewrites bool
}

// pathForms returns the forms of the route's path, and whether Consul can do
// what is asked of the path.
func pathForms(r *ir.Route) (forms []pathForm, ok bool) {
	path := r.Match.Path
	if path == nil {
		path = &ir.PathMatch{Type: ir.PathPrefix, Value: "/"}
	}
	var modifier *ir.PathModifier
	if r.Filters.Rewrite != nil {
		modifier = r.Filters.Rewrite.Path
	}
	switch path.Type {
	case ir.PathExact:
		return exactForms(path.Value, modifier), true
	case ir.PathRegex:
		return []pathForm{{regex: path.Value}}, modifier == nil || modifier.Type != ir.ReplaceFullPath
	default:
		return prefixForms(trimPrefix(path.Value), modifier), modifier == nil || modifier.Type == ir.ReplacePrefixMatch
	}
}

// trimPrefix returns a path prefix without the slash at its end, which means
// nothing: "/" becomes "".
func trimPrefix(value string) string { return strings.TrimSuffix(value, "/") }

// exactForms match one path; only all of it can be replaced.
func exactForms(path string, modifier *ir.PathModifier) []pathForm {
	if modifier == nil || modifier.Type != ir.ReplaceFullPath || modifier.Value == path {
		return []pathForm{{exact: path}}
	}
	return []pathForm{replaced(path, modifier.Value)}
}

// replaced matches one path and puts another in its place. Consul takes a
// replacement of "/" as the wish to strip a prefix, and an exact path has none:
// there the path is matched as a prefix that nothing may follow.
func replaced(path, value string) pathForm {
	if value == "/" {
		return pathForm{prefix: path, whole: path, rewrite: "/", rewrites: true}
	}
	return pathForm{exact: path, rewrite: value, rewrites: true}
}

// prefixForms match the elements of a prefix, which is "" for every path.
func prefixForms(prefix string, modifier *ir.PathModifier) []pathForm {
	value := prefix
	if modifier != nil {
		value = trimPrefix(modifier.Value)
	}
	changed := value != prefix
	if prefix == "" {
		if !changed {
			return []pathForm{{}}
		}
		return []pathForm{{prefix: "/", rewrite: value + "/", rewrites: true}}
	}
	below := pathForm{prefix: prefix + "/", rewrite: value + "/", rewrites: changed}
	if !changed {
		return []pathForm{{exact: prefix}, below}
	}
	if value == "" {
		value = "/"
	}
	return []pathForm{replaced(prefix, value), below}
}

// wholePath matches the pseudo header that has path and query, where the path
// is the one given.
func wholePath(path string) valueMatch {
	return valueMatch{Name: ":path", Regex: regexp.QuoteMeta(path) + `(\?.*)?`}
}
