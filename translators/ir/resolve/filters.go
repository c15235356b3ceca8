package resolve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// filters reads the filters of a rule.
func (v *view) filters(r *rule) ir.Filters {
	var f ir.Filters
	for i := range r.filters {
		spec, at := &r.filters[i], r.source.At(fmt.Sprintf("filters[%d]", i))
		switch {
		case spec.RequestHeaderModifier != nil:
			f.RequestHeaders = headerModifier(spec.RequestHeaderModifier, at.At("requestHeaderModifier"))
		case spec.ResponseHeaderModifier != nil:
			f.ResponseHeaders = headerModifier(spec.ResponseHeaderModifier, at.At("responseHeaderModifier"))
		case spec.RequestMirror != nil:
			f.Mirrors = append(f.Mirrors, mirror(spec.RequestMirror, r, at.At("requestMirror")))
		case spec.RequestRedirect != nil:
			f.Redirect = redirect(spec.RequestRedirect, at.At("requestRedirect"))
		case spec.URLRewrite != nil:
			f.Rewrite = &ir.Rewrite{
				Hostname: string(spec.URLRewrite.Hostname), Path: pathModifier(spec.URLRewrite.Path), Source: at.At("urlRewrite"),
			}
		case spec.CORS != nil:
			f.CORS = cors(spec.CORS, at.At("cors"))
		default:
			v.report(finding{effect: ir.EffectRejected, code: CodeInvalidValue, source: at},
				"filter of type %q sets no field of that type: set it, or remove the filter", spec.Type)
		}
	}
	return f
}

func headerModifier(h *v1alpha1.HTTPHeaderFilter, source ir.Source) *ir.HeaderModifier {
	m := &ir.HeaderModifier{Set: headers(h.Set), Add: headers(h.Add), Source: source}
	for _, name := range h.Remove {
		m.Remove = append(m.Remove, strings.ToLower(string(name)))
	}
	slices.Sort(m.Remove)
	m.Remove = slices.Compact(m.Remove)
	return m
}

func headers(list []v1alpha1.HTTPHeader) []ir.Header {
	var found []ir.Header
	for _, h := range list {
		found = append(found, ir.Header{Name: strings.ToLower(string(h.Name)), Value: h.Value})
	}
	slices.SortStableFunc(found, func(a, b ir.Header) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func mirror(m *v1alpha1.HTTPRequestMirrorFilter, r *rule, source ir.Source) ir.Mirror {
	shown := ir.Mirror{Numerator: 100, Denominator: 100, Source: source}
	switch {
	case m.Percent != nil:
		shown.Numerator = int64(*m.Percent)
	case m.Fraction != nil:
		shown.Numerator, shown.Denominator = 0, 100
		if m.Fraction.Numerator != nil {
			shown.Numerator = int64(*m.Fraction.Numerator)
		}
		if m.Fraction.Denominator != 0 {
			shown.Denominator = int64(m.Fraction.Denominator)
		}
	}
	shown.Backend = r.backend(m.BackendRef, source.At("backendRef"))
	return shown
}

func redirect(r *v1alpha1.HTTPRequestRedirectFilter, source ir.Source) *ir.Redirect {
	status := r.StatusCode
	if status == 0 {
		status = 302
	}
	return &ir.Redirect{
		Scheme: string(r.Scheme), Hostname: string(r.Hostname), Path: pathModifier(r.Path),
		Port: int32(r.Port), StatusCode: status, Source: source,
	}
}

func pathModifier(p *v1alpha1.HTTPPathModifier) *ir.PathModifier {
	switch {
	case p == nil:
		return nil
	case p.ReplaceFullPath != nil:
		return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: orElse(*p.ReplaceFullPath, "/")}
	case p.ReplacePrefixMatch != nil:
		return &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: orElse(strings.TrimRight(*p.ReplacePrefixMatch, "/"), "/")}
	}
	return nil
}

func cors(c *v1alpha1.HTTPCORSFilter, source ir.Source) *ir.CORS {
	age := c.MaxAge
	if age == 0 {
		age = 5
	}
	return &ir.CORS{
		AllowOrigins: texts(c.AllowOrigins), AllowMethods: texts(c.AllowMethods),
		AllowHeaders: texts(c.AllowHeaders), ExposeHeaders: texts(c.ExposeHeaders),
		AllowCredentials: c.AllowCredentials != nil && *c.AllowCredentials,
		MaxAge:           metav1.Duration{Duration: time.Duration(age) * time.Second},
		Source:           source,
	}
}

func texts[T ~string](list []T) []string {
	var found []string
	for _, x := range list {
		found = append(found, string(x))
	}
	return found
}
