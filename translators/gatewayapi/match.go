package gatewayapi

import (
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// Match says a match in the words of HTTPRoute. A match that names no path has
// the prefix "/", which the API would fill in, so that what is written is what
// is read back.
func Match(m *ir.Match) gatewayv1.HTTPRouteMatch {
	out := gatewayv1.HTTPRouteMatch{Path: path(m.Path)}
	if m.Method != "" {
		method := gatewayv1.HTTPMethod(m.Method)
		out.Method = &method
	}
	for _, h := range m.Headers {
		typ := gatewayv1.HeaderMatchType(h.Type)
		out.Headers = append(out.Headers, gatewayv1.HTTPHeaderMatch{Type: &typ, Name: gatewayv1.HTTPHeaderName(h.Name), Value: h.Value})
	}
	for _, q := range m.Query {
		typ := gatewayv1.QueryParamMatchType(q.Type)
		out.QueryParams = append(out.QueryParams, gatewayv1.HTTPQueryParamMatch{Type: &typ, Name: gatewayv1.HTTPHeaderName(q.Name), Value: q.Value})
	}
	return out
}

var pathTypes = map[ir.PathType]gatewayv1.PathMatchType{
	ir.PathExact: gatewayv1.PathMatchExact, ir.PathPrefix: gatewayv1.PathMatchPathPrefix, ir.PathRegex: gatewayv1.PathMatchRegularExpression,
}

func path(p *ir.PathMatch) *gatewayv1.HTTPPathMatch {
	p = normalPath(p)
	typ, value := pathTypes[p.Type], p.Value
	return &gatewayv1.HTTPPathMatch{Type: &typ, Value: &value}
}

// normalPath returns the path without the slash at the end of a prefix, which
// means nothing and would count as a character where matches are compared. No
// path is the prefix "/".
func normalPath(p *ir.PathMatch) *ir.PathMatch {
	switch {
	case p == nil:
		return &ir.PathMatch{Type: ir.PathPrefix, Value: "/"}
	case p.Type != ir.PathPrefix:
		return &ir.PathMatch{Type: p.Type, Value: p.Value}
	}
	value := strings.TrimSuffix(p.Value, "/")
	if value == "" {
		value = "/"
	}
	return &ir.PathMatch{Type: ir.PathPrefix, Value: value}
}

// isRoot says whether the path matches every path.
func isRoot(p *ir.PathMatch) bool {
	p = normalPath(p)
	return p.Type == ir.PathPrefix && p.Value == "/"
}
