package resolve

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// match reads a match; what cannot be read is reported and rejects the object.
func (v *view) match(m *v1alpha1.HTTPRouteMatch, source ir.Source) ir.Match {
	match := ir.Match{Method: string(m.Method)}
	if m.Path != nil {
		match.Path = v.pathMatch(m.Path, source.At("path"))
	}
	for i, h := range m.Headers {
		value := ir.ValueMatch{Type: ir.ValueExact, Name: strings.ToLower(string(h.Name)), Value: h.Value}
		if h.Type == v1alpha1.HeaderMatchRegularExpression {
			value.Type = ir.ValueRegex
			v.checkRegex(h.Value, source.At(fmt.Sprintf("headers[%d].value", i)))
		}
		match.Headers = append(match.Headers, value)
	}
	for i, q := range m.QueryParams {
		value := ir.ValueMatch{Type: ir.ValueExact, Name: string(q.Name), Value: q.Value}
		if q.Type == v1alpha1.QueryParamMatchRegularExpression {
			value.Type = ir.ValueRegex
			v.checkRegex(q.Value, source.At(fmt.Sprintf("queryParams[%d].value", i)))
		}
		match.Query = append(match.Query, value)
	}
	match.Headers, match.Query = firstByName(match.Headers), firstByName(match.Query)
	return match
}

// firstByName sorts by name. Of several for one name only the first counts, as
// Gateway API has it.
func firstByName(list []ir.ValueMatch) []ir.ValueMatch {
	slices.SortStableFunc(list, func(a, b ir.ValueMatch) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(list, func(a, b ir.ValueMatch) bool { return a.Name == b.Name })
}

// pathMatch reads a path. A prefix of "/" is no condition, so it is nil.
func (v *view) pathMatch(p *v1alpha1.HTTPPathMatch, source ir.Source) *ir.PathMatch {
	value := orElse(p.Value, "/")
	switch p.Type {
	case v1alpha1.PathMatchExact:
		return &ir.PathMatch{Type: ir.PathExact, Value: value}
	case v1alpha1.PathMatchRegularExpression:
		v.checkRegex(value, source.At("value"))
		return &ir.PathMatch{Type: ir.PathRegex, Value: value}
	default:
		if value = strings.TrimRight(value, "/"); value == "" {
			return nil
		}
		return &ir.PathMatch{Type: ir.PathPrefix, Value: value}
	}
}

func (v *view) checkRegex(expression string, source ir.Source) {
	if _, err := regexp.Compile(expression); err != nil {
		v.report(finding{effect: ir.EffectRejected, code: CodeInvalidValue, source: source},
			"%q is no RE2 expression: %v", expression, err)
	}
}
