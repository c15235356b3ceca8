package linkerd

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// reader is Linkerd, as far as it reads routes. Services exist but for those that
// cannot; those that stand for subsets only where they were made, and select
// the subset's pods.
func reader(u *ir.ServiceUnit, made []*corev1.Service) translatortest.RouteReader {
	return translatortest.RouteReader{
		Compare: longerPath,
		Ignores: func(r *gatewayv1.HTTPRoute) bool { return unreadable(r) != "" },
		Timeouts: func(r *gatewayv1.HTTPRoute, rule *gatewayv1.HTTPRouteRule) (request, try *time.Duration) {
			return timeoutOf(r, rule), nil
		},
		Retry: func(r *gatewayv1.HTTPRoute, _ *gatewayv1.HTTPRouteRule) *ir.Retry { return retryOf(r) },
		Destination: func(namespace, name string, port int32) (eval.Destination, bool) {
			to := eval.Destination{Namespace: namespace, Name: name, Port: port}
			exists := !strings.Contains(name, ".")
			for i := range u.Subsets {
				if s := &u.Subsets[i]; name == gatewayapi.SubsetName(u.Mesh.Name, u.Service.Name, s.Name) {
					to.Name, to.Subset = u.Service.Name, s.Name
					exists = slices.ContainsFunc(made, func(m *corev1.Service) bool { return m.Name == name && standsFor(m, u, s, port) })
				}
			}
			return to, exists
		},
	}
}

// standsFor says whether a Service leads to the pods of the subset on the port.
func standsFor(made *corev1.Service, u *ir.ServiceUnit, s *ir.Subset, port int32) bool {
	selector := maps.Clone(u.Service.Selector)
	maps.Copy(selector, s.Labels)
	return maps.Equal(made.Spec.Selector, selector) && slices.ContainsFunc(made.Spec.Ports, func(p corev1.ServicePort) bool {
		apex, ok := u.Service.Port(port)
		return ok && p.Port == port && slices.Contains(apex.Targets, p.TargetPort.IntVal)
	})
}

// longerPath ranks matches as Linkerd's proxy does: by the characters of the path
// that they match, whatever the type.
func longerPath(a, b *gatewayv1.HTTPRouteMatch, r *eval.Request) int {
	length := func(m *gatewayv1.HTTPRouteMatch) int {
		switch {
		case m.Path == nil || *m.Path.Value == "/":
			return 1
		case *m.Path.Type == gatewayv1.PathMatchRegularExpression:
			return len(r.Path)
		}
		return len(strings.TrimRight(*m.Path.Value, "/"))
	}
	method := func(m *gatewayv1.HTTPRouteMatch) int {
		if m.Method == nil {
			return 0
		}
		return 1
	}
	if *a.Path.Type == gatewayv1.PathMatchExact && strings.HasSuffix(*a.Path.Value, "/") || *b.Path.Type == gatewayv1.PathMatchExact && strings.HasSuffix(*b.Path.Value, "/") {
		length = func(m *gatewayv1.HTTPRouteMatch) int {
			if *m.Path.Type == gatewayv1.PathMatchRegularExpression {
				return len(r.Path)
			}
			return len(*m.Path.Value)
		}
	}
	return cmp.Or(cmp.Compare(length(a), length(b)), cmp.Compare(len(a.Headers), len(b.Headers)),
		cmp.Compare(len(a.QueryParams), len(b.QueryParams)), cmp.Compare(method(a), method(b)))
}

// unreadable says why Linkerd would drop a route whole, without a word in its
// status; empty where it would not.
func unreadable(r *gatewayv1.HTTPRoute) string {
	for key, value := range r.Annotations {
		switch key {
		case timeoutRequest:
			if _, ok := wholeDuration(value); !ok {
				return "timeout " + value
			}
		case retryLimit:
			if _, err := strconv.ParseUint(value, 10, 16); err != nil {
				return "limit " + value
			}
		case retryHTTP:
			if len(retriedCodes(value)) == 0 {
				return "codes " + value
			}
		default:
			return "annotation " + key
		}
	}
	for i := range r.Spec.Rules {
		rule := &r.Spec.Rules[i]
		for j := range rule.Matches {
			if why := unreadableMatch(&rule.Matches[j]); why != "" {
				return why
			}
		}
		for j := range rule.Filters {
			if why := unreadableFilter(&rule.Filters[j]); why != "" {
				return why
			}
		}
	}
	return ""
}

func unreadableMatch(m *gatewayv1.HTTPRouteMatch) string {
	expressions := []string{}
	if m.Path != nil && *m.Path.Type == gatewayv1.PathMatchRegularExpression {
		expressions = append(expressions, *m.Path.Value)
	}
	for _, h := range m.Headers {
		if *h.Type == gatewayv1.HeaderMatchRegularExpression {
			expressions = append(expressions, h.Value)
		} else if !visible(h.Value) {
			return "header value " + h.Value
		}
	}
	for _, q := range m.QueryParams {
		if *q.Type == gatewayv1.QueryParamMatchRegularExpression {
			expressions = append(expressions, q.Value)
		}
	}
	for _, e := range expressions {
		if !rustReads(e) {
			return "expression " + e
		}
	}
	return ""
}

// foreignSyntax is what Go's expressions have and Rust's have not, or read
// otherwise.
var foreignSyntax = regexp.MustCompile(`\\Q|\\C|\\b|\\B|&&|--|~~|(^|[^\\])\{[^0-9]`)

// rustReads says whether an expression is one for Linkerd, and means the same:
// what it finds first has to be the whole, so that it is anchored.
func rustReads(e string) bool {
	return !foreignSyntax.MatchString(e) && strings.HasPrefix(e, "^(?:") && strings.HasSuffix(e, ")$")
}

func visible(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') })
}

func unreadableFilter(f *gatewayv1.HTTPRouteFilter) string {
	var values []gatewayv1.HTTPHeader
	switch {
	case f.RequestHeaderModifier != nil:
		values = slices.Concat(f.RequestHeaderModifier.Set, f.RequestHeaderModifier.Add)
	case f.ResponseHeaderModifier != nil:
		values = slices.Concat(f.ResponseHeaderModifier.Set, f.ResponseHeaderModifier.Add)
	case f.RequestRedirect != nil:
		if status := *f.RequestRedirect.StatusCode; status != 301 && status != 302 {
			return fmt.Sprintf("status %d", status)
		}
	default:
		return "filter " + string(f.Type)
	}
	for _, h := range values {
		if !visible(h.Value) {
			return "header value " + h.Value
		}
	}
	return ""
}

// wholeDuration reads a duration as Linkerd does: one whole number, one unit.
func wholeDuration(text string) (time.Duration, bool) {
	parts := regexp.MustCompile(`^([0-9]+)(ms|s|m|h|d)$`).FindStringSubmatch(text)
	if parts == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
	return time.Duration(n) * units[parts[2]], err == nil
}

// timeoutOf prefers the annotation of the object to the field of the rule.
func timeoutOf(r *gatewayv1.HTTPRoute, rule *gatewayv1.HTTPRouteRule) *time.Duration {
	if text, ok := r.Annotations[timeoutRequest]; ok {
		d, _ := wholeDuration(text)
		return &d
	}
	if rule.Timeouts == nil {
		return nil
	}
	return translatortest.Duration(rule.Timeouts.Request)
}

func retriedCodes(text string) []int32 {
	var out []int32
	for _, part := range strings.Split(text, ",") {
		lowest, highest, isRange := strings.Cut(map[string]string{"5xx": "500-599", "gateway-error": "502-504"}[part], "-")
		if lowest == "" {
			lowest, highest, isRange = strings.Cut(part, "-")
		}
		if !isRange {
			highest = lowest
		}
		from, err1 := strconv.Atoi(lowest)
		to, err2 := strconv.Atoi(highest)
		if err1 != nil || err2 != nil || from < 100 || to > 599 || from > to {
			return nil
		}
		for code := from; code <= to; code++ {
			out = append(out, int32(code))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// retryOf counts retries, not tries; one where only the codes are given.
func retryOf(r *gatewayv1.HTTPRoute) *ir.Retry {
	text, ok := r.Annotations[retryHTTP]
	if !ok {
		return nil
	}
	attempts := int32(1)
	if n, err := strconv.Atoi(r.Annotations[retryLimit]); err == nil && n > 0 {
		attempts = int32(n)
	}
	return &ir.Retry{Attempts: &attempts, Codes: retriedCodes(text)}
}
