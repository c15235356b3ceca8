package ir

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Timeouts of a route. A nil field says nothing: the effective default is the
// provider's. Zero says "none".
type Timeouts struct {
	// Request limits the whole request, retries included, from the moment it
	// has been received to the end of the response.
	Request *Timeout `json:"request,omitempty"`
	// BackendRequest limits each try.
	BackendRequest *Timeout `json:"backendRequest,omitempty"`
}

// Timeout is a limit and where it came from.
type Timeout struct {
	Duration metav1.Duration `json:"duration"`
	Source   Source          `json:"source"`
}

// Retry says when a request is sent again. Fields that are nil or empty leave
// the mesh's default.
type Retry struct {
	// Attempts counts the retries after the first try. 0 says none; nil says
	// nothing.
	Attempts *int32 `json:"attempts,omitempty"`
	// Codes are response statuses that are retried, sorted.
	Codes []int32 `json:"codes,omitempty"`
	// On are further conditions that are retried, sorted.
	On []RetryCondition `json:"on,omitempty"`
	// Backoff between tries; nil says nothing.
	Backoff *Backoff `json:"backoff,omitempty"`
	Source  Source   `json:"source"`
}

// RetryCondition is a failure other than a status that is retried.
type RetryCondition string

// The retry conditions.
const (
	// RetryConnectFailure: the connection could not be made; the backend has
	// seen nothing.
	RetryConnectFailure RetryCondition = "ConnectFailure"
	// RetryReset: the connection ended before response headers came.
	RetryReset RetryCondition = "Reset"
	// RetryRefusedStream: the backend refused the HTTP/2 stream unprocessed.
	RetryRefusedStream RetryCondition = "RefusedStream"
	// The gRPC statuses that are retried.
	RetryGRPCCancelled         RetryCondition = "GRPCCancelled"
	RetryGRPCDeadlineExceeded  RetryCondition = "GRPCDeadlineExceeded"
	RetryGRPCInternal          RetryCondition = "GRPCInternal"
	RetryGRPCResourceExhausted RetryCondition = "GRPCResourceExhausted"
	RetryGRPCUnavailable       RetryCondition = "GRPCUnavailable"
)

// Backoff is exponential and jittered, from Base to at most Max.
type Backoff struct {
	Base metav1.Duration `json:"base,omitzero"`
	// Max of 0 says nothing.
	Max metav1.Duration `json:"max,omitzero"`
}

// Fault is injected on purpose, before the request is sent on; delay first.
type Fault struct {
	Delay  *FaultDelay `json:"delay,omitempty"`
	Abort  *FaultAbort `json:"abort,omitempty"`
	Source Source      `json:"source"`
}

// FaultDelay delays a percentage of the requests.
type FaultDelay struct {
	Duration metav1.Duration `json:"duration"`
	// Percent is from 0 to 100.
	Percent int32 `json:"percent"`
}

// FaultAbort answers a percentage of the requests with a status.
type FaultAbort struct {
	HTTPStatus int32 `json:"httpStatus"`
	// Percent is from 0 to 100.
	Percent int32 `json:"percent"`
}

// DestinationPolicy applies to connections to one Service from every member
// that calls it. Nil fields leave the mesh's default.
type DestinationPolicy struct {
	OutlierDetection *OutlierDetection `json:"outlierDetection,omitempty"`
	ConnectionPool   *ConnectionPool   `json:"connectionPool,omitempty"`
	LoadBalancer     *LoadBalancer     `json:"loadBalancer,omitempty"`
	RateLimit        *RateLimit        `json:"rateLimit,omitempty"`
}

// Sources are those of everything that is said.
func (d *DestinationPolicy) Sources() []Source {
	var sources []Source
	if d.OutlierDetection != nil {
		sources = append(sources, d.OutlierDetection.Source)
	}
	if d.ConnectionPool != nil {
		sources = append(sources, d.ConnectionPool.Source)
	}
	if d.LoadBalancer != nil {
		sources = append(sources, d.LoadBalancer.Source)
	}
	if d.RateLimit != nil {
		sources = append(sources, d.RateLimit.Source)
	}
	return sources
}

// OutlierDetection takes endpoints that fail out of load balancing for a time.
// Zero fields leave the mesh's default.
type OutlierDetection struct {
	// ConsecutiveErrors are answers of 5xx or failed connections in a row.
	ConsecutiveErrors int32           `json:"consecutiveErrors,omitempty"`
	Interval          metav1.Duration `json:"interval,omitzero"`
	EjectionTime      metav1.Duration `json:"ejectionTime,omitzero"`
	// MaxEjectionPercent is nil where nothing was said.
	MaxEjectionPercent *int32 `json:"maxEjectionPercent,omitempty"`
	Source             Source `json:"source"`
}

// ConnectionPool limits what one proxy opens to the Service. Zero fields leave
// the mesh's default.
type ConnectionPool struct {
	MaxConnections     int32           `json:"maxConnections,omitempty"`
	MaxPendingRequests int32           `json:"maxPendingRequests,omitempty"`
	ConnectTimeout     metav1.Duration `json:"connectTimeout,omitzero"`
	Source             Source          `json:"source"`
}

// Algorithm is a load-balancing algorithm.
type Algorithm string

// The load-balancing algorithms.
const (
	AlgorithmRoundRobin   Algorithm = "RoundRobin"
	AlgorithmLeastRequest Algorithm = "LeastRequest"
	AlgorithmRandom       Algorithm = "Random"
)

// LoadBalancer has exactly one of its fields set, besides Source.
type LoadBalancer struct {
	Algorithm      Algorithm       `json:"algorithm,omitempty"`
	ConsistentHash *ConsistentHash `json:"consistentHash,omitempty"`
	Source         Source          `json:"source"`
}

// ConsistentHash sends like requests to the same endpoint. Exactly one field
// is set.
type ConsistentHash struct {
	Header   string      `json:"header,omitempty"`
	Cookie   *HashCookie `json:"cookie,omitempty"`
	SourceIP bool        `json:"sourceIP,omitempty"`
}

// HashCookie is the cookie that is hashed; it is made where the request has
// none. A TTL of 0 makes a session cookie.
type HashCookie struct {
	Name string          `json:"name"`
	Path string          `json:"path,omitempty"`
	TTL  metav1.Duration `json:"ttl,omitzero"`
}

// RateLimit limits the requests that each receiving proxy instance admits; it
// is not a total. More are answered 429.
type RateLimit struct {
	Requests int32           `json:"requests"`
	Per      metav1.Duration `json:"per"`
	Source   Source          `json:"source"`
}
