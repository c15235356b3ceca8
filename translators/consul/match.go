package consul

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// methods are those that Consul knows.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}

// knownMethod says whether Consul takes the method for one; "" stands for all.
func knownMethod(method string) bool { return method == "" || slices.Contains(methods, method) }

// match says a match with one form of its path; nil matches every request.
func match(m *ir.Match, form pathForm) *routeMatch {
	out := &httpMatch{
		PathExact: form.exact, PathPrefix: form.prefix, PathRegex: form.regex,
		Header: values(m.Headers), QueryParam: values(m.Query),
	}
	if form.whole != "" {
		out.Header = append(out.Header, wholePath(form.whole))
	}
	if m.Method != "" {
		out.Methods = []string{m.Method}
	}
	if form == (pathForm{}) && len(out.Header)+len(out.QueryParam)+len(out.Methods) == 0 {
		return nil
	}
	return &routeMatch{HTTP: out}
}

// values match headers or query parameters. To Consul an empty value is none at
// all, so that it is said as an expression.
func values(list []ir.ValueMatch) []valueMatch {
	var out []valueMatch
	for _, v := range list {
		switch {
		case v.Value == "":
			out = append(out, valueMatch{Name: v.Name, Regex: "^$"})
		case v.Type == ir.ValueRegex:
			out = append(out, valueMatch{Name: v.Name, Regex: v.Value})
		default:
			out = append(out, valueMatch{Name: v.Name, Exact: v.Value})
		}
	}
	return out
}
