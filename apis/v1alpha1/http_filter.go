package v1alpha1

// HTTPRouteFilterType says which field of a filter is set.
//
// +kubebuilder:validation:Enum=RequestHeaderModifier;ResponseHeaderModifier;RequestMirror;RequestRedirect;URLRewrite;CORS
type HTTPRouteFilterType string

const (
	// HTTPRouteFilterRequestHeaderModifier changes headers of the request.
	HTTPRouteFilterRequestHeaderModifier HTTPRouteFilterType = "RequestHeaderModifier"
	// HTTPRouteFilterResponseHeaderModifier changes headers of the response.
	HTTPRouteFilterResponseHeaderModifier HTTPRouteFilterType = "ResponseHeaderModifier"
	// HTTPRouteFilterRequestMirror sends a copy of the request elsewhere.
	HTTPRouteFilterRequestMirror HTTPRouteFilterType = "RequestMirror"
	// HTTPRouteFilterRequestRedirect answers with a redirect.
	HTTPRouteFilterRequestRedirect HTTPRouteFilterType = "RequestRedirect"
	// HTTPRouteFilterURLRewrite changes host and path of the request.
	HTTPRouteFilterURLRewrite HTTPRouteFilterType = "URLRewrite"
	// HTTPRouteFilterCORS answers and annotates cross-origin requests.
	HTTPRouteFilterCORS HTTPRouteFilterType = "CORS"
)

// HTTPRouteFilter does something to the requests of a rule before they reach
// a backend, or to the responses.
//
// +kubebuilder:validation:XValidation:rule="has(self.requestHeaderModifier) == (self.type == 'RequestHeaderModifier')",message="set requestHeaderModifier exactly when type is RequestHeaderModifier"
// +kubebuilder:validation:XValidation:rule="has(self.responseHeaderModifier) == (self.type == 'ResponseHeaderModifier')",message="set responseHeaderModifier exactly when type is ResponseHeaderModifier"
// +kubebuilder:validation:XValidation:rule="has(self.requestMirror) == (self.type == 'RequestMirror')",message="set requestMirror exactly when type is RequestMirror"
// +kubebuilder:validation:XValidation:rule="has(self.requestRedirect) == (self.type == 'RequestRedirect')",message="set requestRedirect exactly when type is RequestRedirect"
// +kubebuilder:validation:XValidation:rule="has(self.urlRewrite) == (self.type == 'URLRewrite')",message="set urlRewrite exactly when type is URLRewrite"
// +kubebuilder:validation:XValidation:rule="has(self.cors) == (self.type == 'CORS')",message="set cors exactly when type is CORS"
type HTTPRouteFilter struct {
	// type says which of the other fields is set: RequestHeaderModifier,
	// ResponseHeaderModifier, RequestMirror, RequestRedirect, URLRewrite or
	// CORS.
	//
	// +required
	Type HTTPRouteFilterType `json:"type,omitempty"`

	// requestHeaderModifier changes headers of the request.
	//
	// +optional
	RequestHeaderModifier *HTTPHeaderFilter `json:"requestHeaderModifier,omitempty"`

	// responseHeaderModifier changes headers of the response.
	//
	// +optional
	ResponseHeaderModifier *HTTPHeaderFilter `json:"responseHeaderModifier,omitempty"`

	// requestMirror sends a copy of the request to another backend and
	// ignores its answer. The only filter that may be repeated.
	//
	// +optional
	RequestMirror *HTTPRequestMirrorFilter `json:"requestMirror,omitempty"`

	// requestRedirect answers with a redirect; a rule that has it has no
	// backendRefs.
	//
	// +optional
	RequestRedirect *HTTPRequestRedirectFilter `json:"requestRedirect,omitempty"`

	// urlRewrite changes host and path before the request is forwarded.
	//
	// +optional
	URLRewrite *HTTPURLRewriteFilter `json:"urlRewrite,omitempty"`

	// cors answers preflight requests and annotates the responses to
	// cross-origin ones.
	//
	// +optional
	CORS *HTTPCORSFilter `json:"cors,omitempty"`
}

// HTTPHeader is a header and its value.
type HTTPHeader struct {
	// name is the header's name; case does not matter.
	//
	// +required
	Name HTTPHeaderName `json:"name,omitempty"`

	// value is the header's value.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^[!-~]+([\t ]?[!-~]+)*$`
	Value string `json:"value,omitempty"`
}

// HTTPHeaderFilter changes headers.
//
// +kubebuilder:validation:XValidation:rule="has(self.set) || has(self.add) || has(self.remove)",message="name at least one header in set, add or remove"
type HTTPHeaderFilter struct {
	// set writes headers, in place of what is there.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Set []HTTPHeader `json:"set,omitempty"`

	// add writes headers, beside what is there.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Add []HTTPHeader `json:"add,omitempty"`

	// remove takes headers away, by name.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	Remove []HTTPHeaderName `json:"remove,omitempty"`
}

// HTTPPathModifierType says what of a path is replaced.
//
// +kubebuilder:validation:Enum=ReplaceFullPath;ReplacePrefixMatch
type HTTPPathModifierType string

const (
	// FullPathHTTPPathModifier replaces the whole path.
	FullPathHTTPPathModifier HTTPPathModifierType = "ReplaceFullPath"
	// PrefixMatchHTTPPathModifier replaces the prefix that the rule's match
	// matched.
	PrefixMatchHTTPPathModifier HTTPPathModifierType = "ReplacePrefixMatch"
)

// HTTPPathModifier replaces a path or its matched prefix. The query is kept.
//
// +kubebuilder:validation:XValidation:rule="has(self.replaceFullPath) == (self.type == 'ReplaceFullPath')",message="set replaceFullPath exactly when type is ReplaceFullPath"
// +kubebuilder:validation:XValidation:rule="has(self.replacePrefixMatch) == (self.type == 'ReplacePrefixMatch')",message="set replacePrefixMatch exactly when type is ReplacePrefixMatch"
type HTTPPathModifier struct {
	// type is ReplaceFullPath or ReplacePrefixMatch.
	//
	// +required
	Type HTTPPathModifierType `json:"type,omitempty"`

	// replaceFullPath is the new path. The empty string means "/".
	//
	// +optional
	// +kubebuilder:validation:MinLength=0
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^(/([!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})*)?$`
	ReplaceFullPath *string `json:"replaceFullPath,omitempty"`

	// replacePrefixMatch takes the place of the matched prefix, element by
	// element: with a match of /shop and the replacement /store, /shop/cart
	// becomes /store/cart. The empty string and "/" take the prefix away.
	//
	// +optional
	// +kubebuilder:validation:MinLength=0
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^(/([!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})*)?$`
	ReplacePrefixMatch *string `json:"replacePrefixMatch,omitempty"`
}

// RedirectScheme is the scheme of a redirect's target.
//
// +kubebuilder:validation:Enum=http;https
type RedirectScheme string

const (
	// RedirectSchemeHTTP redirects to plain HTTP.
	RedirectSchemeHTTP RedirectScheme = "http"
	// RedirectSchemeHTTPS redirects to HTTPS.
	RedirectSchemeHTTPS RedirectScheme = "https"
)

// HTTPRequestRedirectFilter answers with a redirect. What it does not set is
// taken from the request.
type HTTPRequestRedirectFilter struct {
	// scheme is the scheme of the target: http or https. Absent means the
	// request's.
	//
	// +optional
	Scheme RedirectScheme `json:"scheme,omitempty"`

	// hostname is the host of the target. Absent means the request's.
	//
	// +optional
	Hostname PreciseHostname `json:"hostname,omitempty"`

	// path changes the path of the target. Absent means the request's.
	//
	// +optional
	Path *HTTPPathModifier `json:"path,omitempty"`

	// port is the port of the target. Absent means the well-known port of
	// scheme where scheme is set, else the listener's port.
	//
	// +optional
	Port PortNumber `json:"port,omitempty"`

	// statusCode is the status of the answer: 301, 302, 303, 307 or 308.
	// Absent means 302.
	//
	// +optional
	// +default=302
	// +kubebuilder:validation:Minimum=301
	// +kubebuilder:validation:Maximum=308
	// +kubebuilder:validation:Enum=301;302;303;307;308
	StatusCode int32 `json:"statusCode,omitempty"`
}

// HTTPURLRewriteFilter changes a request before it is forwarded.
//
// +kubebuilder:validation:XValidation:rule="has(self.hostname) || has(self.path)",message="set hostname or path: a rewrite without either changes nothing"
type HTTPURLRewriteFilter struct {
	// hostname takes the place of the Host header.
	//
	// +optional
	Hostname PreciseHostname `json:"hostname,omitempty"`

	// path changes the path.
	//
	// +optional
	Path *HTTPPathModifier `json:"path,omitempty"`
}

// HTTPRequestMirrorFilter sends copies of requests to another backend. Its
// answers are thrown away.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.percent) && has(self.fraction))",message="set percent or fraction, not both"
type HTTPRequestMirrorFilter struct {
	// backendRef is where the copies go. In a TrafficSplit it is a Service
	// of the same namespace.
	//
	// +required
	BackendRef BackendObjectReference `json:"backendRef,omitzero"`

	// percent is the share of the requests that is copied. With neither
	// percent nor fraction, all are.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent *int32 `json:"percent,omitempty"`

	// fraction is the share of the requests that is copied, for shares
	// finer than a percent.
	//
	// +optional
	Fraction *Fraction `json:"fraction,omitempty"`
}

// CORSOrigin is an origin: a scheme, a host that may begin with "*.", and a
// port; or "*" for every origin.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)`
type CORSOrigin string

// HTTPMethodWithWildcard is a method of HTTP, or "*" for every method.
//
// +kubebuilder:validation:Enum=GET;HEAD;POST;PUT;DELETE;CONNECT;OPTIONS;TRACE;PATCH;*
type HTTPMethodWithWildcard string

// HTTPCORSFilter answers preflight requests and annotates the responses to
// cross-origin ones.
type HTTPCORSFilter struct {
	// allowOrigins are the origins whose scripts may read responses. "*"
	// stands alone and means every origin.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="!('*' in self && self.size() > 1)",message="'*' means every origin: remove the others, or remove '*'"
	AllowOrigins []CORSOrigin `json:"allowOrigins,omitempty"`

	// allowCredentials lets scripts send credentials. Absent means false.
	//
	// +optional
	AllowCredentials *bool `json:"allowCredentials,omitempty"`

	// allowMethods are the methods that scripts may use beside the simple
	// ones (GET, HEAD, POST). "*" stands alone and means every method.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=9
	// +kubebuilder:validation:XValidation:rule="!('*' in self && self.size() > 1)",message="'*' means every method: remove the others, or remove '*'"
	AllowMethods []HTTPMethodWithWildcard `json:"allowMethods,omitempty"`

	// allowHeaders are the request headers that scripts may set. "*" stands
	// alone and means every header.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="!('*' in self && self.size() > 1)",message="'*' means every header: remove the others, or remove '*'"
	AllowHeaders []HTTPHeaderName `json:"allowHeaders,omitempty"`

	// exposeHeaders are the response headers that scripts may read.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	ExposeHeaders []HTTPHeaderName `json:"exposeHeaders,omitempty"`

	// maxAge is the number of seconds for which a browser may remember the
	// answer to a preflight request. Absent means 5.
	//
	// +optional
	// +default=5
	// +kubebuilder:validation:Minimum=1
	MaxAge int32 `json:"maxAge,omitempty"`
}
