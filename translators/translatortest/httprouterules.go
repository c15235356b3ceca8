package translatortest

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// line reads the rule that decides, with the match that it decides by. A rule
// without backends sends requests to the Service that it is attached to.
func (x RouteReader) line(route *gatewayv1.HTTPRoute, rule *gatewayv1.HTTPRouteRule, match *gatewayv1.HTTPRouteMatch, parent ir.ServiceName) ir.Route {
	out := ir.Route{Match: matchOf(match)}
	for i := range rule.Filters {
		x.filter(&out.Filters, &rule.Filters[i], route.Namespace)
	}
	for _, ref := range rule.BackendRefs {
		b := x.backend(ref.BackendObjectReference, route.Namespace)
		b.Weight = int64(deref(ref.Weight, 1))
		for i := range ref.Filters {
			x.filter(&b.Filters, &ref.Filters[i], route.Namespace)
		}
		out.Backends = append(out.Backends, b)
	}
	if len(rule.BackendRefs) == 0 {
		self := ir.ServiceRef{Namespace: parent.Namespace, Name: parent.Name}
		for _, p := range route.Spec.ParentRefs {
			self.Port.Number = deref(p.Port, self.Port.Number)
		}
		out.Backends = []ir.Backend{{Service: self, Weight: 1}}
	}
	request, try := x.timeouts(route, rule)
	out.Timeouts = ir.Timeouts{Request: limit(request), BackendRequest: limit(try)}
	if x.Retry != nil {
		out.Retry = x.Retry(route, rule)
	}
	return out
}

func limit(d *time.Duration) *ir.Timeout {
	if d == nil {
		return nil
	}
	return &ir.Timeout{Duration: metav1.Duration{Duration: *d}}
}

func (x RouteReader) timeouts(route *gatewayv1.HTTPRoute, rule *gatewayv1.HTTPRouteRule) (request, try *time.Duration) {
	if x.Timeouts != nil {
		return x.Timeouts(route, rule)
	}
	if rule.Timeouts == nil {
		return nil, nil
	}
	return Duration(rule.Timeouts.Request), Duration(rule.Timeouts.BackendRequest)
}

// Duration reads a duration of the Gateway API; nil for what is none.
func Duration(d *gatewayv1.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	parsed, err := time.ParseDuration(string(*d))
	if err != nil {
		return nil
	}
	return &parsed
}

// backend reads a reference to a Service. One without a port, and one to what is
// no Service, is to nothing.
func (x RouteReader) backend(ref gatewayv1.BackendObjectReference, namespace string) ir.Backend {
	if deref(ref.Group, "") != "" || deref(ref.Kind, "Service") != "Service" || ref.Port == nil {
		return ir.Backend{Invalid: true}
	}
	to := eval.Destination{Namespace: string(deref(ref.Namespace, gatewayv1.Namespace(namespace))), Name: string(ref.Name), Port: *ref.Port}
	exists := true
	if x.Destination != nil {
		to, exists = x.Destination(to.Namespace, to.Name, to.Port)
	}
	return ir.Backend{
		Service: ir.ServiceRef{Namespace: to.Namespace, Name: to.Name, Port: ir.Port{Number: to.Port}},
		Subset:  to.Subset, Invalid: !exists,
	}
}

// filter reads a filter.
func (x RouteReader) filter(to *ir.Filters, f *gatewayv1.HTTPRouteFilter, namespace string) {
	switch {
	case f.RequestHeaderModifier != nil:
		to.RequestHeaders = modifier(f.RequestHeaderModifier)
	case f.ResponseHeaderModifier != nil:
		to.ResponseHeaders = modifier(f.ResponseHeaderModifier)
	case f.RequestRedirect != nil:
		r := f.RequestRedirect
		to.Redirect = &ir.Redirect{
			Scheme: deref(r.Scheme, ""), Hostname: string(deref(r.Hostname, "")), Path: modifierOfPath(r.Path),
			Port: deref(r.Port, 0), StatusCode: int32(deref(r.StatusCode, 302)),
		}
	case f.URLRewrite != nil:
		to.Rewrite = &ir.Rewrite{Hostname: string(deref(f.URLRewrite.Hostname, "")), Path: modifierOfPath(f.URLRewrite.Path)}
	case f.RequestMirror != nil:
		m := ir.Mirror{Backend: x.backend(f.RequestMirror.BackendRef, namespace), Numerator: int64(deref(f.RequestMirror.Percent, 100)), Denominator: 100}
		if part := f.RequestMirror.Fraction; part != nil {
			m.Numerator, m.Denominator = int64(part.Numerator), int64(deref(part.Denominator, 100))
		}
		to.Mirrors = append(to.Mirrors, m)
	case f.CORS != nil:
		to.CORS = corsOf(f.CORS)
	}
}

func modifier(f *gatewayv1.HTTPHeaderFilter) *ir.HeaderModifier {
	out := &ir.HeaderModifier{Remove: f.Remove}
	for _, h := range f.Set {
		out.Set = append(out.Set, ir.Header{Name: string(h.Name), Value: h.Value})
	}
	for _, h := range f.Add {
		out.Add = append(out.Add, ir.Header{Name: string(h.Name), Value: h.Value})
	}
	return out
}

func modifierOfPath(p *gatewayv1.HTTPPathModifier) *ir.PathModifier {
	switch {
	case p == nil:
		return nil
	case p.ReplacePrefixMatch != nil:
		return &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: *p.ReplacePrefixMatch}
	}
	return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: deref(p.ReplaceFullPath, "")}
}

func corsOf(f *gatewayv1.HTTPCORSFilter) *ir.CORS {
	out := &ir.CORS{AllowCredentials: deref(f.AllowCredentials, false), MaxAge: metav1.Duration{Duration: time.Duration(f.MaxAge) * time.Second}}
	for _, v := range f.AllowOrigins {
		out.AllowOrigins = append(out.AllowOrigins, string(v))
	}
	for _, v := range f.AllowMethods {
		out.AllowMethods = append(out.AllowMethods, string(v))
	}
	for _, v := range f.AllowHeaders {
		out.AllowHeaders = append(out.AllowHeaders, string(v))
	}
	for _, v := range f.ExposeHeaders {
		out.ExposeHeaders = append(out.ExposeHeaders, string(v))
	}
	return out
}
