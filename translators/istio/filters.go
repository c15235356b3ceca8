package istio

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators/ir"
)

// rewrite translates the rewrite of path and Host.
func (t *routeTable) rewrite(f *ir.Filters, form pathForm) *networking.HTTPRewrite {
	if f.Rewrite == nil {
		return nil
	}
	out := &networking.HTTPRewrite{Authority: f.Rewrite.Hostname}
	switch path := f.Rewrite.Path; {
	case path == nil:
	case path.Type == ir.ReplacePrefixMatch:
		out.Uri = form.replacement
	case form.whole:
		out.Uri = path.Value
	default:
		// Backslashes in a substitution refer to groups.
		out.UriRegexRewrite = &networking.RegexRewrite{Match: "/.*", Rewrite: strings.ReplaceAll(path.Value, `\`, `\\`)}
	}
	if out.Authority == "" && out.Uri == "" && out.UriRegexRewrite == nil {
		return nil
	}
	return out
}

// redirect translates an answer that sends the client elsewhere. Envoy would
// derive the port from the proxy's own; the IR's is written out.
func (t *routeTable) redirect(r *ir.Redirect, form pathForm) *networking.HTTPRedirect {
	out := &networking.HTTPRedirect{Scheme: r.Scheme, Authority: r.Hostname, RedirectCode: unsigned(r.StatusCode)}
	switch {
	case r.Port != 0:
		out.RedirectPort = &networking.HTTPRedirect_Port{Port: unsigned(r.Port)}
	case r.Scheme == "":
		out.RedirectPort = &networking.HTTPRedirect_Port{Port: unsigned(t.listener)}
	default:
		out.RedirectPort = &networking.HTTPRedirect_DerivePort{DerivePort: networking.HTTPRedirect_FROM_PROTOCOL_DEFAULT}
	}
	switch path := r.Path; {
	case path == nil:
	case path.Type == ir.ReplaceFullPath:
		out.Uri = path.Value
	case form.whole || form.replacement == "":
		out.Uri = form.replacement
	case atLeast(t.env, minorRedirectPrefix):
		out.PrefixRewrite = form.replacement
	default:
		t.report(finding{Source: r.Source, Feature: ir.RedirectPath, Code: codeInexpressible}.Reject(
			"a redirect cannot replace a prefix of the path before Istio 1.31: use ReplaceFullPath, or upgrade the mesh"))
	}
	return out
}

// mirrorPrecision is the least part of the requests that Istio can copy, in
// percent.
const mirrorPrecision = 0.0001

func (t *routeTable) mirrors(mirrors []ir.Mirror) []*networking.HTTPMirrorPolicy {
	var out []*networking.HTTPMirrorPolicy
	for i := range mirrors {
		m := &mirrors[i]
		if m.Backend.Invalid || m.Numerator == 0 || m.Denominator == 0 {
			continue
		}
		percent := 100 * float64(m.Numerator) / float64(m.Denominator)
		if percent < mirrorPrecision {
			t.report(finding{Source: m.Source, Feature: ir.MirrorFraction, Code: codeInexpressible}.Reject(
				"Istio copies at least one request in a million: raise the fraction, or remove the mirror"))
			continue
		}
		out = append(out, &networking.HTTPMirrorPolicy{
			Destination: destination(&m.Backend), Percentage: &networking.Percent{Value: percent},
		})
	}
	return out
}

// corsPolicy translates CORS. A preflight from elsewhere is answered by the
// proxy as well, without the headers that would admit it.
func corsPolicy(c *ir.CORS) *networking.CorsPolicy {
	if c == nil {
		return nil
	}
	out := &networking.CorsPolicy{
		AllowMethods: c.AllowMethods, AllowHeaders: c.AllowHeaders, ExposeHeaders: c.ExposeHeaders,
		MaxAge: duration(c.MaxAge), UnmatchedPreflights: networking.CorsPolicy_IGNORE,
	}
	for _, origin := range c.AllowOrigins {
		out.AllowOrigins = append(out.AllowOrigins, originMatch(origin))
	}
	if c.AllowCredentials {
		out.AllowCredentials = wrapperspb.Bool(true)
	}
	return out
}

// originMatch matches an origin; a wildcard stands for one or more labels of
// its host, and alone for every origin. Browsers send origins in lower case.
func originMatch(origin string) *networking.StringMatch {
	switch origin = strings.ToLower(origin); {
	case origin == "*":
		return regexMatch(".*")
	case strings.Contains(origin, "*"):
		return regexMatch(strings.ReplaceAll(regexp.QuoteMeta(origin), `\*`, `.+`))
	default:
		return exactMatch(origin)
	}
}
