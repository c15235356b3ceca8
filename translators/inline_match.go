package translators

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// errNever says that no request can satisfy a conjunction.
var errNever = errors.New("no request matches")

// narrow returns the matches of the requests that satisfy one of the given
// ones and, after the filters of the route and the backend, the part's line.
func narrow(route *ir.Route, p part, matches []ir.Match) ([]ir.Match, error) {
	if p.line == nil {
		return matches, nil
	}
	var out []ir.Match
	for _, m := range matches {
		narrowed, err := conjoin(route, p, m)
		if err != nil && !errors.Is(err, errNever) {
			return nil, err
		}
		out = append(out, narrowed...)
	}
	return out, nil
}

// conjoin returns the conjunction of the match with that of the part's line, as
// alternatives. What can be decided is decided first, so that requests which do
// not exist are no reason to give up.
func conjoin(route *ir.Route, p part, m ir.Match) ([]ir.Match, error) {
	want := &p.line.Match
	if want.Method != "" {
		if m.Method != "" && m.Method != want.Method {
			return nil, errNever
		}
		m.Method = want.Method
	}
	mods := []*ir.HeaderModifier{route.Filters.RequestHeaders, p.backend.Filters.RequestHeaders}
	var undecided error
	for _, h := range want.Headers {
		if err := conjoinHeader(&m, h, mods); errors.Is(err, errNever) {
			return nil, err
		} else if err != nil {
			undecided = err
		}
	}
	for _, q := range want.Query {
		query, err := conjoinValue(m.Query, q)
		if errors.Is(err, errNever) {
			return nil, err
		} else if err != nil {
			undecided = fmt.Errorf("query parameter %q: %w", q.Name, err)
		}
		m.Query = query
	}
	paths, err := conjoinPath(route, m.Path, want.Path)
	if err != nil {
		return nil, err
	}
	if undecided != nil {
		return nil, undecided
	}
	out := make([]ir.Match, len(paths))
	for i, path := range paths {
		out[i] = m
		out[i].Path = path
	}
	return out, nil
}

// conjoinHeader adds the condition on a header as the backend sees it. The
// modifiers may have decided it, or made it depend on what cannot be asked.
func conjoinHeader(m *ir.Match, want ir.ValueMatch, mods []*ir.HeaderModifier) error {
	want.Name = strings.ToLower(want.Name)
	state := headerState{}
	for _, h := range m.Headers {
		if strings.EqualFold(h.Name, want.Name) && h.Type == ir.ValueExact {
			state = headerState{kind: headerSet, value: h.Value}
		}
	}
	for _, mod := range mods {
		state = state.after(mod, want.Name)
	}
	switch {
	case state.kind == headerSet && eval.MatchValue(want, state.value):
		return nil
	case state.kind == headerSet || state.kind == headerRemoved:
		return errNever
	case state.kind == headerAdded:
		return fmt.Errorf("header %q: the route adds to it, and the split matches the result; set it instead", want.Name)
	}
	headers, err := conjoinValue(m.Headers, want)
	if err != nil && !errors.Is(err, errNever) {
		err = fmt.Errorf("header %q: %w", want.Name, err)
	}
	m.Headers = headers
	return err
}

// conjoinValue returns the list with the condition, sorted by name. The list
// given is not changed.
func conjoinValue(list []ir.ValueMatch, want ir.ValueMatch) ([]ir.ValueMatch, error) {
	i := slices.IndexFunc(list, func(v ir.ValueMatch) bool { return v.Name == want.Name })
	if i < 0 {
		out := append(slices.Clone(list), want)
		slices.SortStableFunc(out, func(a, b ir.ValueMatch) int { return cmp.Compare(a.Name, b.Name) })
		return out, nil
	}
	have := list[i]
	switch {
	case have == want:
		return list, nil
	case have.Type == ir.ValueExact:
		if eval.MatchValue(want, have.Value) {
			return list, nil
		}
		return list, errNever
	case want.Type == ir.ValueExact:
		if !eval.MatchValue(have, want.Value) {
			return list, errNever
		}
		out := slices.Clone(list)
		out[i] = want
		return out, nil
	}
	return list, errTwoExpressions
}

var errTwoExpressions = errors.New("two regular expressions would both have to match")

func sameMatches(a, b []ir.Match) bool { return reflect.DeepEqual(a, b) }
