package eval

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// isPreflight says whether a browser asks for leave before the request proper.
func isPreflight(r *Request) bool {
	_, origin := r.Headers["origin"]
	_, method := r.Headers["access-control-request-method"]
	return r.Method == "OPTIONS" && origin && method
}

// MatchOrigin says whether the policy admits the origin: scheme, host and port
// are compared without regard to case; "*" admits all; a "*" as the host's
// first label stands for one or more labels.
func MatchOrigin(c *ir.CORS, origin string) bool {
	return slices.ContainsFunc(c.AllowOrigins, func(allowed string) bool {
		allowed, origin := strings.ToLower(allowed), strings.ToLower(origin)
		before, after, wild := strings.Cut(allowed, "*")
		if !wild {
			return allowed == origin
		}
		return len(origin) > len(before)+len(after) && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after) ||
			allowed == "*"
	})
}

// Preflight returns the headers that answer a preflight request. An origin that
// is not admitted gets none, which makes the browser refuse; the request is
// never passed on.
func Preflight(c *ir.CORS, r *Request) map[string]string {
	headers := ActualHeaders(c, r)
	if headers == nil {
		return nil
	}
	delete(headers, "access-control-expose-headers")
	join := func(name string, values []string) {
		if len(values) > 0 {
			headers[name] = strings.Join(values, ",")
		}
	}
	join("access-control-allow-methods", c.AllowMethods)
	join("access-control-allow-headers", c.AllowHeaders)
	if seconds := int64(c.MaxAge.Duration / time.Second); seconds > 0 {
		headers["access-control-max-age"] = strconv.FormatInt(seconds, 10)
	}
	return headers
}

// ActualHeaders returns the headers that the policy adds to the response of a
// request that is no preflight; nil where its origin is absent or not admitted.
func ActualHeaders(c *ir.CORS, r *Request) map[string]string {
	origin, present := r.Headers["origin"]
	if !present || !MatchOrigin(c, origin) {
		return nil
	}
	headers := map[string]string{"access-control-allow-origin": origin}
	if c.AllowCredentials {
		headers["access-control-allow-credentials"] = "true"
	}
	if len(c.ExposeHeaders) > 0 {
		headers["access-control-expose-headers"] = strings.Join(c.ExposeHeaders, ",")
	}
	return headers
}
