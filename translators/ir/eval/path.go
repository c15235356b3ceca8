package eval

import (
	"regexp"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// MatchPath compares a path, without its query, as the path's type says:
//
//   - Exact: byte by byte. "/foo" does not match "/foo/".
//   - PathPrefix: element by element. "/foo" and "/foo/" match "/foo", "/foo/"
//     and "/foo/bar", never "/foobar". "/" matches everything.
//   - RegularExpression: the whole path, in RE2 syntax. What is no regular
//     expression matches nothing.
//
// Nothing is decoded or normalised before: "//" and "%2F" are what they are.
func MatchPath(m ir.PathMatch, path string) bool {
	switch m.Type {
	case ir.PathExact:
		return path == m.Value
	case ir.PathPrefix:
		prefix := trimPrefix(m.Value)
		return path == prefix || strings.HasPrefix(path, prefix+"/") || prefix == ""
	case ir.PathRegex:
		return matchRegex(m.Value, path)
	}
	return false
}

// trimPrefix removes the slash at the end of a prefix, which has no meaning:
// "/" becomes "".
func trimPrefix(prefix string) string { return strings.TrimSuffix(prefix, "/") }

// RewritePath returns the path after the modifier. A prefix is replaced only
// where matched is a PathPrefix, or nil for a route without a path match,
// which stands for "/"; otherwise the path is kept. What follows the prefix
// stays as it is, a slash at the end included: with prefix /foo and value
// /bar, "/foo" becomes "/bar", "/foo/" becomes "/bar/" and "/foo/x" becomes
// "/bar/x"; with value "/" they become "/", "/" and "/x".
func RewritePath(mod *ir.PathModifier, matched *ir.PathMatch, path string) string {
	if mod == nil {
		return path
	}
	if mod.Type == ir.ReplaceFullPath {
		return mod.Value
	}
	if matched == nil {
		matched = &ir.PathMatch{Type: ir.PathPrefix, Value: "/"}
	}
	if matched.Type != ir.PathPrefix || !MatchPath(*matched, path) {
		return path
	}
	rest := strings.TrimPrefix(path, trimPrefix(matched.Value))
	if out := trimPrefix(mod.Value) + rest; out != "" {
		return out
	}
	return "/"
}

// matchRegex compares the whole value. The expression is compiled on its own
// first, so that the anchors cannot make a whole of its halves.
func matchRegex(expression, value string) bool {
	if _, err := regexp.Compile(expression); err != nil {
		return false
	}
	re, err := regexp.Compile(`\A(?:` + expression + `)\z`)
	return err == nil && re.MatchString(value)
}
