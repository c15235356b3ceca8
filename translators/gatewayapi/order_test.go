package gatewayapi_test

import (
	"testing"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

var byKind = gatewayapi.Specificity(gatewayapi.PathRanks{Exact: 3, Prefix: 2, Regex: 1})

func to(rule string, m ir.Match) ir.Route {
	return ir.Route{
		Rule: rule, Match: m,
		Backends: []ir.Backend{{Service: ir.ServiceRef{Namespace: "shop", Name: rule}, Weight: 1}},
		Source:   ir.Source{Field: "spec.rules." + rule},
	}
}

func exact(p string) *ir.PathMatch  { return &ir.PathMatch{Type: ir.PathExact, Value: p} }
func prefix(p string) *ir.PathMatch { return &ir.PathMatch{Type: ir.PathPrefix, Value: p} }
func regex(p string) *ir.PathMatch  { return &ir.PathMatch{Type: ir.PathRegex, Value: p} }

func header(name, value string) []ir.ValueMatch {
	return []ir.ValueMatch{{Type: ir.ValueExact, Name: name, Value: value}}
}

func TestOrder(t *testing.T) {
	all := to("all", ir.Match{})
	tests := []struct {
		name   string
		routes []ir.Route
		// want are the rules of the lines in their order; nil where it is refused.
		want []string
	}{
		{"most specific first needs nothing", []ir.Route{to("a", ir.Match{Path: exact("/a")}), to("b", ir.Match{Path: prefix("/a")}), all}, []string{"a", "b", "all"}},
		{"what never meets needs nothing", []ir.Route{to("a", ir.Match{Path: prefix("/a")}), to("b", ir.Match{Path: exact("/b")}), all}, []string{"a", "b", "all"}},
		{"what is never reached is left out", []ir.Route{to("a", ir.Match{Path: prefix("/a")}), to("b", ir.Match{Path: exact("/a/b")}), all}, []string{"a", "all"}},
		{"a slash at the end is nothing", []ir.Route{to("a", ir.Match{Path: prefix("/a/")}), to("b", ir.Match{Path: prefix("/a")}), all}, []string{"a", "all"}},
		{"a header before a path is said for the path too", []ir.Route{to("a", ir.Match{Headers: header("x", "1")}), to("b", ir.Match{Path: exact("/b")}), all}, []string{"a", "a", "b", "all"}},
		{"equals keep their order", []ir.Route{to("a", ir.Match{Headers: header("x", "1")}), to("b", ir.Match{Headers: header("y", "1")}), all}, []string{"a", "b", "all"}},
		{"a prefix before a regex that may meet it", []ir.Route{to("a", ir.Match{Path: prefix("/a")}), to("b", ir.Match{Path: regex("/.*")})}, []string{"a", "b"}},
		{"a regex before a prefix that may meet it", []ir.Route{to("a", ir.Match{Path: regex("/.*b")}), to("b", ir.Match{Path: prefix("/a")})}, nil},
		{"a regex that never meets the prefix", []ir.Route{to("a", ir.Match{Path: regex("^(?:/v[0-9]/b)$")}), to("b", ir.Match{Path: prefix("/a")})}, []string{"a", "b"}},
		{"an exact value before any value of the same header", []ir.Route{to("a", ir.Match{Headers: header("x", "1")}), to("b", ir.Match{Headers: []ir.ValueMatch{{Type: ir.ValueRegex, Name: "x", Value: ".*"}}}), all}, []string{"a", "b", "all"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, issues := gatewayapi.Order(tt.routes, gatewayapi.Ordering{Precedence: byKind})
			if (len(issues) > 0) != (tt.want == nil) {
				t.Fatalf("issues %+v", issues)
			}
			if tt.want == nil {
				return
			}
			var got []string
			for _, l := range lines {
				got = append(got, l.Route.Rule)
			}
			if len(got) != len(tt.want) {
				t.Fatalf("lines %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("lines %v, want %v", got, tt.want)
				}
			}
		})
	}
}

// Routes of two objects are ordered by age where they tie, which nobody chooses.
func TestTiesStayInOneObject(t *testing.T) {
	routes := []ir.Route{to("a", ir.Match{Headers: header("x", "1")}), to("b", ir.Match{Headers: header("y", "1")}), to("all", ir.Match{})}
	apart := gatewayapi.Ordering{Precedence: byKind, Object: func(r *ir.Route) string { return r.Rule }}
	lines, issues := gatewayapi.Order(routes, apart)
	if len(issues) > 0 || len(lines) != 4 {
		t.Fatalf("lines %+v, issues %+v; want a line for requests with both headers", lines, issues)
	}
	routes = []ir.Route{to("a", ir.Match{Headers: header("x", "1")}), to("b", ir.Match{Headers: []ir.ValueMatch{{Type: ir.ValueRegex, Name: "x", Value: ".*"}}})}
	if _, issues := gatewayapi.Order(routes, apart); len(issues) != 1 {
		t.Errorf("issues %+v, want one: no match says that the exact value comes first", issues)
	}
}
