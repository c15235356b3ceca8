package gatewayapi

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// HTTPRouteKind is the kind of the routes.
var HTTPRouteKind = schema.GroupVersionKind{Group: gatewayv1.GroupName, Version: "v1", Kind: "HTTPRoute"}

// What one object holds, by the narrowest of the schemas that serve it.
const (
	MaxRules   = 16
	MaxMatches = 8
)

// Rule is a rule of a route, with the line of the table whose action it has.
type Rule struct {
	gatewayv1.HTTPRouteRule
	Route *ir.Route
	lines []Line
}

// Rules makes rules of lines that stand in one object: neighbours with one action
// share a rule. What action returns are the rule's other fields.
func Rules(lines []Line, action func(*ir.Route) gatewayv1.HTTPRouteRule) []Rule {
	var rules []Rule
	for _, line := range lines {
		match := Match(&line.Match)
		if n := len(rules) - 1; n >= 0 && len(rules[n].Matches) < MaxMatches && !replacesPrefix(line.Route) && SameAction(rules[n].Route, line.Route) {
			rules[n].Matches = append(rules[n].Matches, match)
			rules[n].lines = append(rules[n].lines, line)
			continue
		}
		rule := Rule{HTTPRouteRule: action(line.Route), Route: line.Route, lines: []Line{line}}
		rule.Matches = []gatewayv1.HTTPRouteMatch{match}
		rules = append(rules, rule)
	}
	return rules
}

// Meta is what the objects that hold the rules have besides.
type Meta struct {
	Namespace, Name string
	Annotations     map[string]string
	Parents         []gatewayv1.ParentReference
	Hostnames       []gatewayv1.Hostname
	Sources         []ir.Source
	After           []translators.ObjectRef
}

// HTTPRoutes puts rules into objects: the first is called Name, further ones, where
// the rules are too many for one, <Name>-2 and so on. Lines that would no
// longer be in order in different objects are issues.
func HTTPRoutes(m Meta, rules []Rule, o Ordering) (objects []translators.Object, issues []ir.Issue) {
	chunks := slices.Collect(slices.Chunk(rules, MaxRules))
	for i, chunk := range chunks {
		name := m.Name
		if i > 0 {
			name = fmt.Sprintf("%s-%d", m.Name, i+1)
		}
		route := &gatewayv1.HTTPRoute{
			TypeMeta:   metav1.TypeMeta{APIVersion: HTTPRouteKind.GroupVersion().String(), Kind: HTTPRouteKind.Kind},
			ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: name, Annotations: m.Annotations},
			Spec: gatewayv1.HTTPRouteSpec{
				CommonRouteSpec: gatewayv1.CommonRouteSpec{ParentRefs: m.Parents}, Hostnames: m.Hostnames,
			},
		}
		for _, rule := range chunk {
			route.Spec.Rules = append(route.Spec.Rules, rule.HTTPRouteRule)
		}
		objects = append(objects, translators.Object{Object: route, Sources: m.Sources, After: m.After})
		for _, later := range chunks[i+1:] {
			issues = append(issues, o.apart(chunk, later)...)
		}
	}
	return objects, ir.SortIssues(issues)
}

// apart returns an issue for each line that is sure to come before one of
// another object only while both are in one.
func (o Ordering) apart(first, second []Rule) []ir.Issue {
	t := ordering{Ordering: o}
	for i := range first {
		for j := range second {
			t.acrossRules(first[i].lines, second[j].lines)
		}
	}
	return t.issues
}

func (t *ordering) acrossRules(first, second []Line) {
	for i := range first {
		for j := range second {
			a, b := first[i], second[j]
			b.Object = a.Object + "\x00apart"
			_, how := conjoin(&a.Match, &b.Match)
			if how != never && !SameAction(a.Route, b.Route) && !t.Wins(&a, &b) {
				t.refuse(&a, &b)
			}
		}
	}
}
