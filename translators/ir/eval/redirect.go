package eval

import (
	"cmp"
	"strconv"

	"github.com/meshloom/meshloom/translators/ir"
)

// location returns where a redirect sends the caller. Scheme, host and path
// that the redirect does not name stay the request's, the query always does.
// The port is the redirect's; else none, that is the well-known one, where the
// redirect names a scheme; else the one that the request arrived at. A port
// that is the scheme's well-known one is left out.
func location(r *ir.Redirect, matched *ir.PathMatch, req *Request) string {
	scheme := cmp.Or(r.Scheme, req.Scheme, "http")
	port := r.Port
	if port == 0 && r.Scheme == "" {
		port = req.Port
	}
	out := scheme + "://" + cmp.Or(r.Hostname, req.Host)
	if port != 0 && port != wellKnownPort(scheme) {
		out += ":" + strconv.Itoa(int(port))
	}
	out += RewritePath(r.Path, matched, req.Path)
	if len(req.Query) > 0 {
		out += "?" + query(req.Query)
	}
	return out
}

func wellKnownPort(scheme string) int32 {
	if scheme == "https" {
		return 443
	}
	return 80
}
