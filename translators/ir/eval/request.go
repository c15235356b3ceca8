package eval

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// Request is an HTTP request as it arrives at a proxy or, where Opaque is set,
// a connection that is not HTTP.
type Request struct {
	Method string `json:"method,omitempty"`
	// Scheme that the client used: "http" or "https". TLS that a gateway ends
	// stays "https" for what is behind it.
	Scheme string `json:"scheme,omitempty"`
	// Host is the Host header, without a port.
	Host string `json:"host,omitempty"`
	// Port that the request arrives at: of the listener, of the Service, or of
	// the container where access is decided.
	Port int32 `json:"port,omitempty"`
	// Path without the query; it starts with a slash.
	Path string `json:"path,omitempty"`
	// Query parameters in the order sent.
	Query []Param `json:"query,omitempty"`
	// Headers by lower-case name; several values are joined by ",".
	Headers map[string]string `json:"headers,omitempty"`
	// Caller is the identity that mutual TLS proves; nil for plaintext and for
	// callers from outside the mesh.
	Caller *ir.Identity `json:"caller,omitempty"`
	// Opaque connections have no method, path, query and headers.
	Opaque bool `json:"opaque,omitempty"`
}

// Param is one query parameter.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// clone returns a copy that shares nothing that is ever changed.
func (r Request) clone() Request {
	r.Headers = maps.Clone(r.Headers)
	return r
}

// MatchRequest says whether the request satisfies all that the match names. A
// match that names nothing is satisfied by every request.
func MatchRequest(m *ir.Match, r *Request) bool {
	if m.Path != nil && !MatchPath(*m.Path, r.Path) {
		return false
	}
	if m.Method != "" && m.Method != r.Method {
		return false
	}
	for _, h := range m.Headers {
		value, present := r.Headers[strings.ToLower(h.Name)]
		if !present || !MatchValue(h, value) {
			return false
		}
	}
	for _, q := range m.Query {
		i := slices.IndexFunc(r.Query, func(p Param) bool { return p.Name == q.Name })
		if i < 0 || !MatchValue(q, r.Query[i].Value) {
			return false
		}
	}
	return true
}

// MatchValue compares the value of a header or query parameter: exactly and
// with regard to case, or as a whole with a regular expression.
func MatchValue(m ir.ValueMatch, value string) bool {
	if m.Type == ir.ValueRegex {
		return matchRegex(m.Value, value)
	}
	return m.Value == value
}

// query renders the parameters as the query of a URL.
func query(params []Param) string {
	parts := make([]string, len(params))
	for i, p := range params {
		parts[i] = url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value)
	}
	return strings.Join(parts, "&")
}
