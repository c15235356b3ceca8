package gatewayapi

import (
	"cmp"

	"github.com/meshloom/meshloom/translators/ir"
)

// Precedence says how a reader of routes ranks two matches that one request
// satisfies: above 0 where a comes first, below 0 where b does, 0 where both
// are equal and their places in the list decide. Where that depends on the
// request, or is not known, least and most are the ends of what it may be; else
// they are the same.
type Precedence func(a, b *ir.Match) (least, most int)

// PathRanks are the ranks of the path types; a higher one comes first.
type PathRanks struct{ Exact, Prefix, Regex int }

// Specificity is the precedence that the Gateway API demands: the path's type,
// its length, a method, the number of headers, that of query parameters. The
// API leaves the rank of regular expressions to whoever reads the route.
func Specificity(ranks PathRanks) Precedence {
	rank := map[ir.PathType]int{ir.PathExact: ranks.Exact, ir.PathPrefix: ranks.Prefix, ir.PathRegex: ranks.Regex}
	return func(a, b *ir.Match) (least, most int) {
		p, q := normalPath(a.Path), normalPath(b.Path)
		c := cmp.Or(cmp.Compare(rank[p.Type], rank[q.Type]), cmp.Compare(len(p.Value), len(q.Value)),
			cmp.Compare(min(len(a.Method), 1), min(len(b.Method), 1)),
			cmp.Compare(len(a.Headers), len(b.Headers)), cmp.Compare(len(a.Query), len(b.Query)))
		return c, c
	}
}

// Both is the precedence of which only that is known on which the given ones
// agree.
func Both(list ...Precedence) Precedence {
	return func(a, b *ir.Match) (least, most int) {
		for i, p := range list {
			l, m := p(a, b)
			if i == 0 {
				least, most = l, m
			}
			least, most = min(least, l), max(most, m)
		}
		return least, most
	}
}
