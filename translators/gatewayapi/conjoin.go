package gatewayapi

import (
	"cmp"
	"reflect"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// meeting is what is known of the requests that satisfy two matches.
type meeting int

const (
	// never: there are none.
	never meeting = iota
	// exactly: one match says them.
	exactly
	// unsaid: there may be some, and no match says them.
	unsaid
)

// conjoin returns the match of the requests that satisfy both.
func conjoin(a, b *ir.Match) (ir.Match, meeting) {
	out, met := ir.Match{Method: cmp.Or(a.Method, b.Method)}, exactly
	if a.Method != "" && b.Method != "" && a.Method != b.Method {
		return out, never
	}
	path, m := conjoinPaths(a.Path, b.Path)
	out.Path, met = path, worse(met, m)
	out.Headers, m = conjoinValues(a.Headers, b.Headers)
	met = worse(met, m)
	out.Query, m = conjoinValues(a.Query, b.Query)
	return out, worse(met, m)
}

// worse says what is known where all conditions have to hold.
func worse(a, b meeting) meeting {
	switch {
	case a == never || b == never:
		return never
	case a == unsaid || b == unsaid:
		return unsaid
	}
	return exactly
}

func conjoinPaths(p, q *ir.PathMatch) (*ir.PathMatch, meeting) {
	p, q = normalPath(p), normalPath(q)
	switch {
	case isRoot(q) || *p == *q:
		return p, exactly
	case isRoot(p):
		return q, exactly
	case p.Type == ir.PathExact:
		return p, whether(eval.MatchPath(*q, p.Value))
	case q.Type == ir.PathExact:
		return q, whether(eval.MatchPath(*p, q.Value))
	case p.Type == ir.PathRegex || q.Type == ir.PathRegex:
		if beginning, other := begins(p), begins(q); !strings.HasPrefix(beginning, other) && !strings.HasPrefix(other, beginning) {
			return p, never
		}
		return p, unsaid
	case eval.MatchPath(*q, p.Value):
		return p, exactly
	}
	return q, whether(eval.MatchPath(*p, q.Value))
}

// begins is what every path that matches begins with, as far as it is plain.
func begins(p *ir.PathMatch) string {
	if p.Type != ir.PathRegex {
		return p.Value
	}
	parsed, err := syntax.Parse(p.Value, syntax.Perl)
	if err != nil {
		return ""
	}
	text, _ := literal(parsed)
	return text
}

// literal is the text that an expression begins with, and whether it is all of
// the expression.
func literal(re *syntax.Regexp) (text string, whole bool) {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpEmptyMatch:
		return "", true
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return "", false
		}
		return string(re.Rune), true
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			part, all := literal(sub)
			text += part
			if !all {
				return text, false
			}
		}
		return text, true
	default:
		return "", false
	}
}

func whether(met bool) meeting {
	if met {
		return exactly
	}
	return never
}

// conjoinValues returns the conditions of both lists, each name once and sorted.
func conjoinValues(a, b []ir.ValueMatch) ([]ir.ValueMatch, meeting) {
	out, met := slices.Clone(a), exactly
	for _, want := range b {
		i := slices.IndexFunc(out, func(v ir.ValueMatch) bool { return v.Name == want.Name })
		if i < 0 {
			out = append(out, want)
			continue
		}
		switch have := out[i]; {
		case have == want:
		case have.Type == ir.ValueExact:
			met = worse(met, whether(eval.MatchValue(want, have.Value)))
		case want.Type == ir.ValueExact:
			out[i] = want
			met = worse(met, whether(eval.MatchValue(have, want.Value)))
		default:
			met = worse(met, unsaid)
		}
	}
	slices.SortFunc(out, func(a, b ir.ValueMatch) int { return cmp.Compare(a.Name, b.Name) })
	return out, met
}

// normal is the match in one form: matches that say the same in the same words
// are equal.
func normal(m ir.Match) ir.Match {
	m.Path = normalPath(m.Path)
	byName := func(a, b ir.ValueMatch) int { return cmp.Compare(a.Name, b.Name) }
	m.Headers, m.Query = slices.SortedFunc(slices.Values(m.Headers), byName), slices.SortedFunc(slices.Values(m.Query), byName)
	return m
}

func same(a, b *ir.Match) bool { return reflect.DeepEqual(normal(*a), normal(*b)) }

// covers says whether a is known to match whatever b matches.
func covers(a, b *ir.Match) bool {
	c, met := conjoin(a, b)
	return met == exactly && same(&c, b)
}
