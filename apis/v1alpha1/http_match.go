package v1alpha1

// HTTPMethod is a method of HTTP, in capitals.
//
// +kubebuilder:validation:Enum=GET;HEAD;POST;PUT;DELETE;CONNECT;OPTIONS;TRACE;PATCH
type HTTPMethod string

// The methods of HTTP.
const (
	// HTTPMethodGet is GET.
	HTTPMethodGet HTTPMethod = "GET"
	// HTTPMethodHead is HEAD.
	HTTPMethodHead HTTPMethod = "HEAD"
	// HTTPMethodPost is POST.
	HTTPMethodPost HTTPMethod = "POST"
	// HTTPMethodPut is PUT.
	HTTPMethodPut HTTPMethod = "PUT"
	// HTTPMethodDelete is DELETE.
	HTTPMethodDelete HTTPMethod = "DELETE"
	// HTTPMethodConnect is CONNECT.
	HTTPMethodConnect HTTPMethod = "CONNECT"
	// HTTPMethodOptions is OPTIONS.
	HTTPMethodOptions HTTPMethod = "OPTIONS"
	// HTTPMethodTrace is TRACE.
	HTTPMethodTrace HTTPMethod = "TRACE"
	// HTTPMethodPatch is PATCH.
	HTTPMethodPatch HTTPMethod = "PATCH"
)

// HTTPHeaderName is the name of an HTTP header. Case does not matter.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:Pattern=`^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$`
type HTTPHeaderName string

// PathMatchType says how a path is compared.
//
// +kubebuilder:validation:Enum=Exact;PathPrefix;RegularExpression
type PathMatchType string

const (
	// PathMatchExact compares the whole path; case matters.
	PathMatchExact PathMatchType = "Exact"
	// PathMatchPathPrefix compares element by element: /shop is a prefix of
	// /shop and /shop/cart, not of /shopping. A slash at the end is ignored.
	PathMatchPathPrefix PathMatchType = "PathPrefix"
	// PathMatchRegularExpression compares the whole path with an RE2
	// expression.
	PathMatchRegularExpression PathMatchType = "RegularExpression"
)

// HTTPPathMatch compares the path of a request, without its query.
//
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'RegularExpression') || !has(self.value) || self.value.startsWith('/')",message="value must begin with '/' unless type is RegularExpression"
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'RegularExpression') || !has(self.value) || !(self.value.contains('//') || self.value.contains('/./') || self.value.contains('/../') || self.value.endsWith('/.') || self.value.endsWith('/..'))",message="value must be a normalized path: remove '//', '/./' and '/../', as proxies do before they compare"
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'RegularExpression') || !has(self.value) || !(self.value.contains('%2f') || self.value.contains('%2F') || self.value.contains('#'))",message="value must not contain an encoded slash (%2f) or '#': proxies disagree about them"
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'RegularExpression') || !has(self.value) || self.value.matches(r\"\"\"^([!$&-;=@-Z_a-z~]|%[0-9A-Fa-f]{2})+$\"\"\")",message="value may only hold characters of a URL path; write others percent-encoded"
type HTTPPathMatch struct {
	// type says how value is compared: Exact, PathPrefix (element by
	// element) or RegularExpression (RE2, the whole path; not every ingress
	// and mesh has it). Absent means PathPrefix.
	//
	// +optional
	// +default="PathPrefix"
	Type PathMatchType `json:"type,omitempty"`

	// value is what the path is compared with. Absent means "/".
	//
	// +optional
	// +default="/"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Value string `json:"value,omitempty"`
}

// HeaderMatchType says how the value of a header is compared.
//
// +kubebuilder:validation:Enum=Exact;RegularExpression
type HeaderMatchType string

const (
	// HeaderMatchExact compares the whole value; case matters.
	HeaderMatchExact HeaderMatchType = "Exact"
	// HeaderMatchRegularExpression compares the whole value with an RE2
	// expression.
	HeaderMatchRegularExpression HeaderMatchType = "RegularExpression"
)

// HTTPHeaderMatch compares one header of a request.
type HTTPHeaderMatch struct {
	// type says how value is compared: Exact or RegularExpression (RE2, the
	// whole value). Absent means Exact.
	//
	// +optional
	// +default="Exact"
	Type HeaderMatchType `json:"type,omitempty"`

	// name is the header's name; case does not matter.
	//
	// +required
	Name HTTPHeaderName `json:"name,omitempty"`

	// value is what the header is compared with.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	// +kubebuilder:validation:Pattern=`^[!-~]+([\t ]?[!-~]+)*$`
	Value string `json:"value,omitempty"`
}

// QueryParamMatchType says how the value of a query parameter is compared.
//
// +kubebuilder:validation:Enum=Exact;RegularExpression
type QueryParamMatchType string

const (
	// QueryParamMatchExact compares the whole value; case matters.
	QueryParamMatchExact QueryParamMatchType = "Exact"
	// QueryParamMatchRegularExpression compares the whole value with an RE2
	// expression.
	QueryParamMatchRegularExpression QueryParamMatchType = "RegularExpression"
)

// HTTPQueryParamMatch compares one query parameter of a request. Of a
// parameter that is repeated, the first one counts.
type HTTPQueryParamMatch struct {
	// type says how value is compared: Exact or RegularExpression (RE2, the
	// whole value). Absent means Exact.
	//
	// +optional
	// +default="Exact"
	Type QueryParamMatchType `json:"type,omitempty"`

	// name is the parameter's name; case matters.
	//
	// +required
	Name HTTPHeaderName `json:"name,omitempty"`

	// value is what the parameter is compared with.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Value string `json:"value,omitempty"`
}

// HTTPRouteMatch matches a request when all of its fields do.
//
// +kubebuilder:validation:XValidation:rule="has(self.path) || has(self.headers) || has(self.queryParams) || has(self.method)",message="an empty match says nothing: set path, headers, queryParams or method (path /, type PathPrefix matches every request)"
type HTTPRouteMatch struct {
	// path compares the path. Absent means every path.
	//
	// +optional
	Path *HTTPPathMatch `json:"path,omitempty"`

	// headers compares headers, each of which must match. Of a header that
	// is repeated, the values joined by commas count.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Headers []HTTPHeaderMatch `json:"headers,omitempty"`

	// queryParams compares query parameters, each of which must match.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	QueryParams []HTTPQueryParamMatch `json:"queryParams,omitempty"`

	// method compares the method. Absent means every method.
	//
	// +optional
	Method HTTPMethod `json:"method,omitempty"`
}
