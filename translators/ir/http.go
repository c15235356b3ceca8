package ir

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Route is one line of a route table: requests that match go to the backends,
// after the filters. A rule with several matches becomes several routes.
type Route struct {
	// Rule is the name of the user's rule; "" for the implicit ones.
	Rule string `json:"rule,omitempty"`
	// Match that is zero matches every request.
	Match   Match   `json:"match,omitzero"`
	Filters Filters `json:"filters,omitzero"`
	// Backends share the requests by weight. They are empty only where
	// Filters.Redirect is set; otherwise no backends means that every request
	// is answered 500.
	Backends []Backend `json:"backends,omitempty"`
	Timeouts Timeouts  `json:"timeouts,omitzero"`
	// Retry is nil where nothing was said: the mesh's default applies.
	Retry  *Retry `json:"retry,omitempty"`
	Fault  *Fault `json:"fault,omitempty"`
	Source Source `json:"source"`
}

// Sources are those of everything that a route is made of.
func (r *Route) Sources() []Source {
	sources := []Source{r.Source}
	for i := range r.Backends {
		sources = append(sources, r.Backends[i].Source)
	}
	for _, t := range []*Timeout{r.Timeouts.Request, r.Timeouts.BackendRequest} {
		if t != nil {
			sources = append(sources, t.Source)
		}
	}
	if r.Retry != nil {
		sources = append(sources, r.Retry.Source)
	}
	if r.Fault != nil {
		sources = append(sources, r.Fault.Source)
	}
	return sources
}

// Match is a conjunction: all that is set must match.
type Match struct {
	Path *PathMatch `json:"path,omitempty"`
	// Method is an upper-case HTTP method; "" matches all.
	Method string `json:"method,omitempty"`
	// Headers are sorted by name. Names are in lower case and compared without
	// regard to case; a header with several values is their list joined by ",".
	Headers []ValueMatch `json:"headers,omitempty"`
	// Query parameters are sorted by name, which is case-sensitive; the first
	// value counts.
	Query []ValueMatch `json:"query,omitempty"`
}

// PathType says how a path is compared.
type PathType string

// The path match types.
const (
	// PathExact compares the whole path, without the query, case-sensitively.
	PathExact PathType = "Exact"
	// PathPrefix compares element by element: /foo matches /foo, /foo/ and
	// /foo/bar, never /foobar. A trailing slash of the value is ignored and
	// "/" matches everything.
	PathPrefix PathType = "PathPrefix"
	// PathRegex matches the whole path, without the query, as RE2 does.
	PathRegex PathType = "RegularExpression"
)

// PathMatch compares the request's path.
type PathMatch struct {
	Type  PathType `json:"type"`
	Value string   `json:"value"`
}

// ValueType says how a header or query value is compared.
type ValueType string

// The value match types.
const (
	ValueExact ValueType = "Exact"
	// ValueRegex matches the whole value, as RE2 does.
	ValueRegex ValueType = "RegularExpression"
)

// ValueMatch compares one header or query parameter; an absent one never
// matches.
type ValueMatch struct {
	Type  ValueType `json:"type"`
	Name  string    `json:"name"`
	Value string    `json:"value"`
}

// Backend is a share of a route's requests.
type Backend struct {
	// Service that the requests go to.
	Service ServiceRef `json:"service,omitzero"`
	// Subset of that Service; "" is all of it.
	Subset string `json:"subset,omitempty"`
	// Weight is relative to the sum of the weights of the route's backends;
	// 0 sends nothing.
	Weight int64 `json:"weight"`
	// Filters of this backend alone: header modifiers only. They act after
	// those of the route.
	Filters Filters `json:"filters,omitzero"`
	// Invalid backends could not be resolved or were not granted: their share
	// is answered 500. An Issue says why.
	Invalid bool   `json:"invalid,omitempty"`
	Source  Source `json:"source"`
}

// ServiceRef names a Service port that requests go to.
type ServiceRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Host is the fully qualified DNS name.
	Host string `json:"host"`
	Port Port   `json:"port"`
	// Namesakes as those of Service.
	Namesakes []string `json:"namesakes,omitempty"`
}

// Ref returns the reference to the Service.
func (s ServiceRef) Ref() Ref { return Ref{Kind: "Service", Namespace: s.Namespace, Name: s.Name} }

// Filters change requests and responses. Order: redirect answers at once; else
// CORS, request headers, rewrite, mirror, then the backend; response headers
// last.
type Filters struct {
	RequestHeaders  *HeaderModifier `json:"requestHeaders,omitempty"`
	ResponseHeaders *HeaderModifier `json:"responseHeaders,omitempty"`
	Mirrors         []Mirror        `json:"mirrors,omitempty"`
	Rewrite         *Rewrite        `json:"rewrite,omitempty"`
	Redirect        *Redirect       `json:"redirect,omitempty"`
	CORS            *CORS           `json:"cors,omitempty"`
}

// Header is a header's name, in lower case, and its value.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// HeaderModifier first sets (overwrites), then adds (appends), then removes.
// Each list is sorted by name.
type HeaderModifier struct {
	Set    []Header `json:"set,omitempty"`
	Add    []Header `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
	Source Source   `json:"source"`
}

// Mirror sends a copy of a part of the requests elsewhere and ignores the
// answers.
type Mirror struct {
	Backend Backend `json:"backend"`
	// Numerator and Denominator are the part that is copied; 100/100 is all.
	Numerator   int64  `json:"numerator"`
	Denominator int64  `json:"denominator"`
	Source      Source `json:"source"`
}

// PathModifierType says which part of the path is replaced.
type PathModifierType string

// The path modifiers.
const (
	// ReplaceFullPath replaces the whole path; the query is kept.
	ReplaceFullPath PathModifierType = "ReplaceFullPath"
	// ReplacePrefixMatch replaces the elements that a PathPrefix match matched;
	// /foo -> "/" turns /foo/bar into /bar and /foo into "/". Only valid with a
	// PathPrefix match.
	ReplacePrefixMatch PathModifierType = "ReplacePrefixMatch"
)

// PathModifier replaces the path or its matched prefix.
type PathModifier struct {
	Type  PathModifierType `json:"type"`
	Value string           `json:"value"`
}

// Rewrite changes what the backend sees.
type Rewrite struct {
	// Hostname replaces the Host header; "" keeps it.
	Hostname string        `json:"hostname,omitempty"`
	Path     *PathModifier `json:"path,omitempty"`
	Source   Source        `json:"source"`
}

// Redirect answers the request with a redirect. Parts that are unset keep the
// request's; a Port of 0 is the well-known port of Scheme if Scheme is set,
// else the listener's port.
type Redirect struct {
	Scheme   string        `json:"scheme,omitempty"`
	Hostname string        `json:"hostname,omitempty"`
	Path     *PathModifier `json:"path,omitempty"`
	Port     int32         `json:"port,omitempty"`
	// StatusCode is 301, 302, 303, 307 or 308.
	StatusCode int32  `json:"statusCode"`
	Source     Source `json:"source"`
}

// CORS answers preflight requests and marks the responses of actual ones.
type CORS struct {
	// AllowOrigins are scheme://host[:port], "*", or with a wildcard as the
	// host's first label(s).
	AllowOrigins     []string        `json:"allowOrigins,omitempty"`
	AllowMethods     []string        `json:"allowMethods,omitempty"`
	AllowHeaders     []string        `json:"allowHeaders,omitempty"`
	ExposeHeaders    []string        `json:"exposeHeaders,omitempty"`
	AllowCredentials bool            `json:"allowCredentials,omitempty"`
	MaxAge           metav1.Duration `json:"maxAge,omitzero"`
	Source           Source          `json:"source"`
}
