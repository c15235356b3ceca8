package consul

// serviceDefaults is the spec of a ServiceDefaults that one unit owns alone.
// Those of Services are contributions, because several units have parts in them.
type serviceDefaults struct {
	Protocol string `json:"protocol,omitempty"`
}

// serviceResolver is the spec of a ServiceResolver.
type serviceResolver struct {
	ConnectTimeout string                    `json:"connectTimeout,omitempty"`
	Subsets        map[string]resolverSubset `json:"subsets,omitempty"`
	LoadBalancer   *loadBalancer             `json:"loadBalancer,omitempty"`
}

type resolverSubset struct {
	Filter string `json:"filter"`
}

type loadBalancer struct {
	Policy       string       `json:"policy"`
	HashPolicies []hashPolicy `json:"hashPolicies,omitempty"`
}

type hashPolicy struct {
	Field        string        `json:"field,omitempty"`
	FieldValue   string        `json:"fieldValue,omitempty"`
	CookieConfig *cookieConfig `json:"cookieConfig,omitempty"`
	SourceIP     bool          `json:"sourceIP,omitempty"`
}

type cookieConfig struct {
	Session bool   `json:"session,omitempty"`
	TTL     string `json:"ttl,omitempty"`
	Path    string `json:"path,omitempty"`
}

// serviceSplitter is the spec of a ServiceSplitter.
type serviceSplitter struct {
	Splits []split `json:"splits"`
}

type split struct {
	Weight          float64          `json:"weight"`
	Service         string           `json:"service,omitempty"`
	ServiceSubset   string           `json:"serviceSubset,omitempty"`
	RequestHeaders  *headerModifiers `json:"requestHeaders,omitempty"`
	ResponseHeaders *headerModifiers `json:"responseHeaders,omitempty"`
}

type headerModifiers struct {
	Add    map[string]string `json:"add,omitempty"`
	Set    map[string]string `json:"set,omitempty"`
	Remove []string          `json:"remove,omitempty"`
}

// serviceRouter is the spec of a ServiceRouter.
type serviceRouter struct {
	Routes []serviceRoute `json:"routes"`
}

type serviceRoute struct {
	Match       *routeMatch       `json:"match,omitempty"`
	Destination *routeDestination `json:"destination,omitempty"`
}

type routeMatch struct {
	HTTP *httpMatch `json:"http,omitempty"`
}

type httpMatch struct {
	PathExact  string       `json:"pathExact,omitempty"`
	PathPrefix string       `json:"pathPrefix,omitempty"`
	PathRegex  string       `json:"pathRegex,omitempty"`
	Header     []valueMatch `json:"header,omitempty"`
	QueryParam []valueMatch `json:"queryParam,omitempty"`
	Methods    []string     `json:"methods,omitempty"`
}

type valueMatch struct {
	Name  string `json:"name"`
	Exact string `json:"exact,omitempty"`
	Regex string `json:"regex,omitempty"`
}

type routeDestination struct {
	Service            string           `json:"service,omitempty"`
	ServiceSubset      string           `json:"serviceSubset,omitempty"`
	PrefixRewrite      string           `json:"prefixRewrite,omitempty"`
	RequestTimeout     string           `json:"requestTimeout,omitempty"`
	NumRetries         int32            `json:"numRetries,omitempty"`
	RetryOn            []string         `json:"retryOn,omitempty"`
	RetryOnStatusCodes []int32          `json:"retryOnStatusCodes,omitempty"`
	RequestHeaders     *headerModifiers `json:"requestHeaders,omitempty"`
	ResponseHeaders    *headerModifiers `json:"responseHeaders,omitempty"`
}
