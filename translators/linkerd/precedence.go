package linkerd

import (
	"cmp"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// precedence is Linkerd's and, where no expression is compared, the Gateway
// API's as well: the two differ, and only that on which they agree is relied on.
var precedence = func() gatewayapi.Precedence {
	both := gatewayapi.Both(byLength, gatewayapi.Specificity(gatewayapi.PathRanks{Exact: 2, Prefix: 1}))
	return func(a, b *ir.Match) (least, most int) {
		if isRegex(a) || isRegex(b) {
			return byLength(a, b)
		}
		return both(a, b)
	}
}()

// byLength is how Linkerd's proxy ranks matches: by how many characters of the
// path they match, whatever the type, then by headers, query parameters and
// method. An expression matches the whole path, which is as long as a prefix
// only where it is the prefix.
func byLength(a, b *ir.Match) (least, most int) {
	method := func(m *ir.Match) int { return min(len(m.Method), 1) }
	rest := cmp.Or(cmp.Compare(len(a.Headers), len(b.Headers)), cmp.Compare(len(a.Query), len(b.Query)), cmp.Compare(method(a), method(b)))
	switch {
	case isRegex(a) && isPrefix(b):
		if !eval.MatchPath(*a.Path, pathValue(b)) {
			return 1, 1
		}
		return min(1, rest), 1
	case isPrefix(a) && isRegex(b):
		least, most = byLength(b, a)
		return -most, -least
	case isRegex(a) || isRegex(b):
		return rest, rest
	}
	c := cmp.Or(cmp.Compare(len(pathValue(a)), len(pathValue(b))), rest)
	return c, c
}

func isRegex(m *ir.Match) bool { return m.Path != nil && m.Path.Type == ir.PathRegex }

func isPrefix(m *ir.Match) bool { return m.Path == nil || m.Path.Type == ir.PathPrefix }

// pathValue is the path; its length is the number of characters that it matches.
// Order has removed the slash at the end of prefixes.
func pathValue(m *ir.Match) string {
	if m.Path == nil {
		return "/"
	}
	return m.Path.Value
}
