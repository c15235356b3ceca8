package v1alpha1

// OutlierDetection takes endpoints that keep failing out of use for a while.
// Each caller's proxy judges for itself.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.interval) || duration(self.interval) > duration('0s')",message="interval must be above 0s: remove it for the mesh's default"
// +kubebuilder:validation:XValidation:rule="!has(self.ejectionTime) || duration(self.ejectionTime) > duration('0s')",message="ejectionTime must be above 0s: remove it for the mesh's default"
type OutlierDetection struct {
	// consecutiveErrors is the number of failures in a row (5xx answers and
	// broken connections) after which an endpoint is taken out. Absent means
	// the mesh's default.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	ConsecutiveErrors int32 `json:"consecutiveErrors,omitempty"`

	// interval is the time between two looks at the endpoints. Absent means
	// the mesh's default.
	//
	// +optional
	Interval Duration `json:"interval,omitempty"`

	// ejectionTime is how long an endpoint stays out the first time; each
	// further time it is longer. Absent means the mesh's default.
	//
	// +optional
	EjectionTime Duration `json:"ejectionTime,omitempty"`

	// maxEjectionPercent is the share of the endpoints that may be out at
	// a time. Absent means the mesh's default.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxEjectionPercent *int32 `json:"maxEjectionPercent,omitempty"`
}

// ConnectionPool limits what each caller's proxy opens to the target. What is
// over a limit is answered with 503.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.connectTimeout) || duration(self.connectTimeout) > duration('0s')",message="connectTimeout must be above 0s: remove it for the mesh's default"
type ConnectionPool struct {
	// maxConnections is the number of connections. Absent means the mesh's
	// default.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxConnections int32 `json:"maxConnections,omitempty"`

	// maxPendingRequests is the number of requests that may wait for a
	// connection. Absent means the mesh's default.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxPendingRequests int32 `json:"maxPendingRequests,omitempty"`

	// connectTimeout is how long making a connection may take. Absent means
	// the mesh's default.
	//
	// +optional
	ConnectTimeout Duration `json:"connectTimeout,omitempty"`
}

// LoadBalancerAlgorithm says which endpoint gets a request.
//
// +kubebuilder:validation:Enum=RoundRobin;LeastRequest;Random
type LoadBalancerAlgorithm string

const (
	// LoadBalancerRoundRobin takes the endpoints in turn.
	LoadBalancerRoundRobin LoadBalancerAlgorithm = "RoundRobin"
	// LoadBalancerLeastRequest prefers endpoints with fewer open requests.
	LoadBalancerLeastRequest LoadBalancerAlgorithm = "LeastRequest"
	// LoadBalancerRandom takes any endpoint.
	LoadBalancerRandom LoadBalancerAlgorithm = "Random"
)

// LoadBalancer says which endpoint gets a request.
//
// +kubebuilder:validation:XValidation:rule="has(self.algorithm) != has(self.consistentHash)",message="set either algorithm or consistentHash"
type LoadBalancer struct {
	// algorithm is RoundRobin, LeastRequest or Random.
	//
	// +optional
	Algorithm LoadBalancerAlgorithm `json:"algorithm,omitempty"`

	// consistentHash sends requests that have something in common to the
	// same endpoint, as long as the endpoints stay the same.
	//
	// +optional
	ConsistentHash *ConsistentHash `json:"consistentHash,omitempty"`
}

// ConsistentHash says what requests must have in common to reach the same
// endpoint.
//
// +kubebuilder:validation:XValidation:rule="[has(self.header), has(self.cookie), has(self.sourceIP)].filter(x, x).size() == 1",message="set exactly one of header, cookie and sourceIP"
type ConsistentHash struct {
	// header is a request header.
	//
	// +optional
	Header *HashHeader `json:"header,omitempty"`

	// cookie is a cookie, which is made where a request has none.
	//
	// +optional
	Cookie *HashCookie `json:"cookie,omitempty"`

	// sourceIP is the caller's address.
	//
	// +optional
	SourceIP *HashSourceIP `json:"sourceIP,omitempty"`
}

// HashHeader hashes the value of a request header.
type HashHeader struct {
	// name is the header's name.
	//
	// +required
	Name HTTPHeaderName `json:"name,omitempty"`
}

// HashCookie hashes the value of a cookie.
type HashCookie struct {
	// name is the cookie's name.
	//
	// +required
	Name HTTPHeaderName `json:"name,omitempty"`

	// ttl is how long a cookie that was made for a request lives. 0s and
	// absent mean as long as the browser's session.
	//
	// +optional
	TTL Duration `json:"ttl,omitempty"`

	// path is the path that a cookie which was made for a request is for.
	// Absent means "/".
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^;\s]*$`
	Path string `json:"path,omitempty"`
}

// HashSourceIP hashes the caller's address. It has no fields.
type HashSourceIP struct{}

// RateLimit limits how many requests are taken.
type RateLimit struct {
	// local limits each receiving proxy by itself: ten pods take ten times
	// as much. There is no total.
	//
	// +required
	Local LocalRateLimit `json:"local,omitzero"`
}

// RateLimitUnit is the time that a limit is counted over.
//
// +kubebuilder:validation:Enum=Second;Minute;Hour
type RateLimitUnit string

const (
	// PerSecond counts over a second.
	PerSecond RateLimitUnit = "Second"
	// PerMinute counts over a minute.
	PerMinute RateLimitUnit = "Minute"
	// PerHour counts over an hour.
	PerHour RateLimitUnit = "Hour"
)

// LocalRateLimit limits one receiving proxy. What is over the limit is
// answered with 429.
type LocalRateLimit struct {
	// requests is the number of requests that are taken in the time.
	//
	// +required
	// +kubebuilder:validation:Minimum=1
	Requests int32 `json:"requests,omitempty"`

	// per is Second, Minute or Hour.
	//
	// +required
	Per RateLimitUnit `json:"per,omitempty"`
}
