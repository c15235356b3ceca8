package istio

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators/ir"
)

// pathForm is one way in which a route's path is matched, and what a path
// modifier puts in its place. Istio's prefixes are strings, the IR's are
// elements: /foo is the whole path /foo or a path that begins with /foo/, and
// where the prefix is replaced the two need different replacements.
type pathForm struct {
	// uris are alternatives; none matches every path.
	uris []*networking.StringMatch
	// replacement of the matched part; empty where no prefix is replaced.
	replacement string
	// whole is true where the form matches whole paths.
	whole bool
}

// pathForms returns the forms of the route's path: two where a prefix is
// replaced, else one.
func pathForms(r *ir.Route) []pathForm {
	modifier, path := prefixModifier(&r.Filters), r.Match.Path
	if path == nil {
		path = &ir.PathMatch{Type: ir.PathPrefix, Value: "/"}
	}
	if modifier == nil || path.Type != ir.PathPrefix {
		return []pathForm{{uris: uris(path), whole: path.Type == ir.PathExact}}
	}
	prefix, value := trimPrefix(path.Value), trimPrefix(modifier.Value)
	if prefix == "" {
		return []pathForm{{replacement: value + "/"}}
	}
	below := pathForm{uris: []*networking.StringMatch{prefixMatch(prefix + "/")}, replacement: value + "/"}
	if value == "" {
		value = "/"
	}
	return []pathForm{{uris: []*networking.StringMatch{exactMatch(prefix)}, replacement: value, whole: true}, below}
}

// trimPrefix returns a path prefix without the slash at its end, which means
// nothing: "/" becomes "".
func trimPrefix(value string) string { return strings.TrimSuffix(value, "/") }

// prefixModifier returns the modifier that replaces the matched prefix, if any.
func prefixModifier(f *ir.Filters) *ir.PathModifier {
	var m *ir.PathModifier
	switch {
	case f.Redirect != nil:
		m = f.Redirect.Path
	case f.Rewrite != nil:
		m = f.Rewrite.Path
	}
	if m == nil || m.Type != ir.ReplacePrefixMatch {
		return nil
	}
	return m
}

// uris are the alternatives that together match what the path matches.
func uris(path *ir.PathMatch) []*networking.StringMatch {
	switch path.Type {
	case ir.PathPrefix:
		prefix := trimPrefix(path.Value)
		if prefix == "" {
			return nil
		}
		return []*networking.StringMatch{exactMatch(prefix), prefixMatch(prefix + "/")}
	case ir.PathRegex:
		return []*networking.StringMatch{regexMatch(path.Value)}
	default:
		return []*networking.StringMatch{exactMatch(path.Value)}
	}
}

// matches returns the alternatives of a route; none matches every request.
func (t *routeTable) matches(m *ir.Match, form pathForm) []*networking.HTTPMatchRequest {
	alternatives := form.uris
	if len(alternatives) == 0 {
		alternatives = []*networking.StringMatch{nil}
	}
	var out []*networking.HTTPMatchRequest
	for _, uri := range alternatives {
		request := &networking.HTTPMatchRequest{Uri: uri, Headers: values(m.Headers), QueryParams: values(m.Query)}
		if m.Method != "" {
			request.Method = exactMatch(m.Method)
		}
		if !t.onlyPort {
			request.Port = unsigned(t.listener)
		}
		out = append(out, request)
	}
	if t.onlyPort && form.uris == nil && m.Method == "" && len(m.Headers) == 0 && len(m.Query) == 0 {
		return nil
	}
	return out
}

func values(list []ir.ValueMatch) map[string]*networking.StringMatch {
	if len(list) == 0 {
		return nil
	}
	out := make(map[string]*networking.StringMatch, len(list))
	for _, v := range list {
		if v.Type == ir.ValueRegex {
			out[v.Name] = regexMatch(v.Value)
		} else {
			out[v.Name] = exactMatch(v.Value)
		}
	}
	return out
}

func exactMatch(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Exact{Exact: value}}
}

func prefixMatch(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Prefix{Prefix: value}}
}

func regexMatch(value string) *networking.StringMatch {
	return &networking.StringMatch{MatchType: &networking.StringMatch_Regex{Regex: value}}
}
