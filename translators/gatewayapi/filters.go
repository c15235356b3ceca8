package gatewayapi

import (
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// Abilities are the fields of a rule that whoever reads the route understands.
type Abilities struct {
	RequestHeaders, ResponseHeaders bool
	// BackendHeaders is for header modifiers of single backends.
	BackendHeaders bool
	Redirect       bool
	Rewrite        bool
	// Mirrors is how many copies of a request can be sent.
	Mirrors int
	// MirrorFraction is for copies of a part of the requests.
	MirrorFraction bool
	CORS           bool
}

// Setting is where a route stands, and who reads it.
type Setting struct {
	// Mesh that the route is for; it names the Services that stand for subsets.
	Mesh string
	// Namespace of the route.
	Namespace string
	// Listener is the port that requests arrive at, which redirects keep.
	Listener int32
	May      Abilities
}

// Filters says filters in the words of HTTPRoute, in the order in which they
// act. What the reader does not understand is left.
func Filters(f *ir.Filters, s Setting) (filters []gatewayv1.HTTPRouteFilter, left ir.Filters) {
	if f.Redirect != nil && s.May.Redirect {
		return []gatewayv1.HTTPRouteFilter{{
			Type: gatewayv1.HTTPRouteFilterRequestRedirect, RequestRedirect: Redirect(f.Redirect, s.Listener),
		}}, left
	}
	left = *f
	if f.CORS != nil && s.May.CORS {
		filters, left.CORS = append(filters, gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterCORS, CORS: cors(f.CORS)}), nil
	}
	headers, left := headerFilters(left, s.May.RequestHeaders, s.May.ResponseHeaders)
	filters = append(filters, headers...)
	if f.Rewrite != nil && s.May.Rewrite {
		filters, left.Rewrite = append(filters, gatewayv1.HTTPRouteFilter{
			Type: gatewayv1.HTTPRouteFilterURLRewrite, URLRewrite: rewrite(f.Rewrite),
		}), nil
	}
	mirrors, others := mirrorFilters(f.Mirrors, s)
	left.Mirrors = others
	return append(filters, mirrors...), left
}

// headerFilters says the header modifiers, of requests before those of
// responses.
func headerFilters(f ir.Filters, request, response bool) (filters []gatewayv1.HTTPRouteFilter, left ir.Filters) {
	if f.RequestHeaders != nil && request {
		if h := headerFilter(f.RequestHeaders); h != nil {
			filters = append(filters, gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestHeaderModifier, RequestHeaderModifier: h})
		}
		f.RequestHeaders = nil
	}
	if f.ResponseHeaders != nil && response {
		if h := headerFilter(f.ResponseHeaders); h != nil {
			filters = append(filters, gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterResponseHeaderModifier, ResponseHeaderModifier: h})
		}
		f.ResponseHeaders = nil
	}
	return filters, f
}

// Redirect says a redirect. The port is always named, because implementations
// derive it from the Host header where the IR means the listener's or the
// scheme's.
func Redirect(r *ir.Redirect, listener int32) *gatewayv1.HTTPRequestRedirectFilter {
	status, port := int(r.StatusCode), r.Port
	switch {
	case port != 0:
	case r.Scheme == "https":
		port = 443
	case r.Scheme == "http":
		port = 80
	default:
		port = listener
	}
	return &gatewayv1.HTTPRequestRedirectFilter{
		Scheme: optional(r.Scheme), Hostname: optional(gatewayv1.PreciseHostname(r.Hostname)),
		Path: pathModifier(r.Path), Port: optional(port), StatusCode: &status,
	}
}

func rewrite(r *ir.Rewrite) *gatewayv1.HTTPURLRewriteFilter {
	return &gatewayv1.HTTPURLRewriteFilter{Hostname: optional(gatewayv1.PreciseHostname(r.Hostname)), Path: pathModifier(r.Path)}
}

func pathModifier(m *ir.PathModifier) *gatewayv1.HTTPPathModifier {
	if m == nil {
		return nil
	}
	value := m.Value
	if m.Type == ir.ReplacePrefixMatch {
		return &gatewayv1.HTTPPathModifier{Type: gatewayv1.PrefixMatchHTTPPathModifier, ReplacePrefixMatch: &value}
	}
	return &gatewayv1.HTTPPathModifier{Type: gatewayv1.FullPathHTTPPathModifier, ReplaceFullPath: &value}
}

// mirrorFilters says copies, and returns those that cannot be said. Copies to
// nowhere, and of nothing, need no words.
func mirrorFilters(mirrors []ir.Mirror, s Setting) (filters []gatewayv1.HTTPRouteFilter, left []ir.Mirror) {
	for _, m := range mirrors {
		whole := m.Numerator == m.Denominator
		switch {
		case m.Backend.Invalid || m.Numerator == 0 || m.Denominator == 0:
			continue
		case len(filters) >= s.May.Mirrors || !whole && !s.May.MirrorFraction || m.Backend.Filters.RequestHeaders != nil:
			left = append(left, m)
			continue
		}
		mirror := &gatewayv1.HTTPRequestMirrorFilter{BackendRef: backendObject(&m.Backend, s)}
		if !whole {
			denominator := int32(m.Denominator)                                                             //nolint:gosec // the API holds it in 32 bits.
			mirror.Fraction = &gatewayv1.Fraction{Numerator: int32(m.Numerator), Denominator: &denominator} //nolint:gosec // as above.
		}
		filters = append(filters, gatewayv1.HTTPRouteFilter{Type: gatewayv1.HTTPRouteFilterRequestMirror, RequestMirror: mirror})
	}
	return filters, left
}

func cors(c *ir.CORS) *gatewayv1.HTTPCORSFilter {
	out := &gatewayv1.HTTPCORSFilter{MaxAge: max(1, int32(min(c.MaxAge.Duration/time.Second, 1<<30)))} //nolint:gosec // bounded on the same line.
	for _, o := range c.AllowOrigins {
		out.AllowOrigins = append(out.AllowOrigins, gatewayv1.CORSOrigin(o))
	}
	for _, m := range c.AllowMethods {
		out.AllowMethods = append(out.AllowMethods, gatewayv1.HTTPMethodWithWildcard(m))
	}
	for _, h := range c.AllowHeaders {
		out.AllowHeaders = append(out.AllowHeaders, gatewayv1.HTTPHeaderName(h))
	}
	for _, h := range c.ExposeHeaders {
		out.ExposeHeaders = append(out.ExposeHeaders, gatewayv1.HTTPHeaderName(h))
	}
	if c.AllowCredentials {
		out.AllowCredentials = &c.AllowCredentials
	}
	return out
}

// optional returns a pointer to the value, or nil where it is zero.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
