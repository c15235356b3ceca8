package consul

import (
	"slices"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/translators"
)

func eachRouter(do func(*serviceRouter)) alter {
	return func(r *translators.Result) {
		for _, obj := range r.Objects {
			if o, ok := obj.Object.(*entry[serviceRouter]); ok {
				do(&o.Spec)
			}
		}
	}
}

func eachRoute(do func(*serviceRoute)) alter {
	return eachRouter(func(router *serviceRouter) {
		for i := range router.Routes {
			do(&router.Routes[i])
		}
	})
}

func eachMatch(do func(*httpMatch)) alter {
	return eachRoute(func(r *serviceRoute) {
		if r.Match != nil {
			do(r.Match.HTTP)
		}
	})
}

func eachDestination(do func(*routeDestination)) alter {
	return eachRoute(func(r *serviceRoute) {
		if r.Destination != nil {
			do(r.Destination)
		}
	})
}

func eachSplitter(do func(*serviceSplitter)) alter {
	return func(r *translators.Result) {
		for _, obj := range r.Objects {
			if o, ok := obj.Object.(*entry[serviceSplitter]); ok {
				do(&o.Spec)
			}
		}
	}
}

// without leaves out parts in the ServiceDefaults of services.
func without(field string, but string) alter {
	return func(r *translators.Result) {
		r.Contributions = slices.DeleteFunc(r.Contributions, func(c translators.Contribution) bool {
			return c.Path[1] == field && c.Object.Name != but
		})
	}
}

// mutations are what a careless translation would write.
func mutations() map[string]alter {
	return map[string]alter{
		"prefixes are strings": eachRoute(func(r *serviceRoute) {
			if r.Match != nil && len(r.Match.HTTP.PathPrefix) > 1 {
				r.Match.HTTP.PathPrefix = strings.TrimSuffix(r.Match.HTTP.PathPrefix, "/")
				if r.Destination != nil {
					r.Destination.PrefixRewrite = strings.TrimSuffix(r.Destination.PrefixRewrite, "/")
				}
			}
		}),
		"the prefix itself is forgotten": eachMatch(func(m *httpMatch) { m.PathExact = strings.Replace(m.PathExact, "/a", "/none", 1) }),
		"destinations strip the prefix":  eachDestination(func(d *routeDestination) { d.PrefixRewrite = "" }),
		"a whole path is a prefix": eachMatch(func(m *httpMatch) {
			m.Header = slices.DeleteFunc(m.Header, func(h valueMatch) bool { return h.Name == ":path" })
		}),
		"an exact path is replaced by /":     eachRoute(exactlyRoot),
		"a weight is off":                    eachSplitter(offWeight),
		"a weight does not add up":           eachSplitter(func(s *serviceSplitter) { s.Splits[0].Weight -= 0.01 }),
		"a splitter is not there":            eachDestination(func(d *routeDestination) { d.Service = strings.Split(d.Service, "-")[0] }),
		"the catch-all is lost":              eachRouter(func(r *serviceRouter) { r.Routes = r.Routes[:len(r.Routes)-1] }),
		"routes are turned round":            eachRouter(func(r *serviceRouter) { slices.Reverse(r.Routes) }),
		"a method does not matter":           eachMatch(func(m *httpMatch) { m.Methods = nil }),
		"query parameters do not matter":     eachMatch(func(m *httpMatch) { m.QueryParam = nil }),
		"headers do not matter":              eachMatch(func(m *httpMatch) { m.Header = nil }),
		"request headers of splits are lost": eachSplitter(func(s *serviceSplitter) { s.Splits[0].RequestHeaders = nil }),
		"response headers are lost":          eachDestination(func(d *routeDestination) { d.ResponseHeaders = nil }),
		"no timeout is the proxy's own": eachDestination(func(d *routeDestination) {
			if d.RequestTimeout == noTimeout {
				d.RequestTimeout = ""
			}
		}),
		"timeouts are lost":                    eachDestination(func(d *routeDestination) { d.RequestTimeout = "" }),
		"the callee gives up before":           without("localRequestTimeoutMs", ""),
		"retries have no conditions":           eachDestination(func(d *routeDestination) { d.RetryOn = nil }),
		"retries count tries":                  eachDestination(func(d *routeDestination) { d.NumRetries++ }),
		"codes are not retried":                eachDestination(func(d *routeDestination) { d.RetryOnStatusCodes = nil }),
		"the Service is no HTTP":               without("protocol", "reviews-canary"),
		"backends are no HTTP":                 without("protocol", "reviews"),
		"requests to a part go to the Service": eachSplitter(func(s *serviceSplitter) { s.Splits[0].ServiceSubset = "" }),
	}
}

// exactlyRoot writes what Consul takes for no replacement at all.
func exactlyRoot(r *serviceRoute) {
	if r.Match == nil {
		return
	}
	m := r.Match.HTTP
	for i, h := range m.Header {
		if h.Name == ":path" {
			m.PathExact, m.PathPrefix = m.PathPrefix, ""
			m.Header = slices.Delete(m.Header, i, i+1)
			return
		}
	}
}

// offWeight moves two percent.
func offWeight(s *serviceSplitter) {
	if len(s.Splits) == 2 && s.Splits[0].Weight > 2 {
		s.Splits[0].Weight -= 2
		s.Splits[1].Weight += 2
	}
}

// TestPropertyNoticesMutations plants each and asks that the property sees it.
func TestPropertyNoticesMutations(t *testing.T) {
	for name, change := range mutations() {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(mutationSearch) {
				if diff, _ := asMeant(seed, change); diff != "" {
					return
				}
			}
			t.Errorf("%d units were routed as meant in spite of it", mutationSearch)
		})
	}
}
