package v1alpha1

// HTTPRouteTimeouts limit how long a request may take. The message of
// Programmed names the effective limit where a field is absent.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.request) || !has(self.backendRequest) || duration(self.request) == duration('0s') || duration(self.backendRequest) <= duration(self.request)",message="backendRequest is one try and cannot be longer than request, which is all of them: lower backendRequest, or raise request"
type HTTPRouteTimeouts struct {
	// request is how long the caller waits for the answer, with all tries.
	// 0s means no limit; absent means the mesh's or ingress's default.
	//
	// +optional
	Request Duration `json:"request,omitempty"`

	// backendRequest is how long one try may take. 0s means no limit;
	// absent means the mesh's or ingress's default.
	//
	// +optional
	BackendRequest Duration `json:"backendRequest,omitempty"`
}

// RetryFailure is a failure after which a request is sent again.
//
// +kubebuilder:validation:Enum=ConnectFailure;RefusedStream;Reset
type RetryFailure string

const (
	// RetryConnectFailure is a connection that could not be made.
	RetryConnectFailure RetryFailure = "ConnectFailure"
	// RetryRefusedStream is a stream that the server refused before it
	// looked at the request.
	RetryRefusedStream RetryFailure = "RefusedStream"
	// RetryReset is a connection that broke before the response began. The
	// request may have had its effect.
	RetryReset RetryFailure = "Reset"
)

// HTTPRouteRetryStatusCode is a status after which a request is sent again.
//
// +kubebuilder:validation:Minimum=400
// +kubebuilder:validation:Maximum=599
type HTTPRouteRetryStatusCode int32

// Retry says when and how often a failed request is sent again.
//
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.attempts) || self.attempts > 0 || !(has(self.codes) || has(self.failures) || has(self.backoff))",message="attempts: 0 means no retries: remove codes, failures and backoff, or raise attempts"
type Retry struct {
	// attempts is the number of retries after the first try. 0 means none;
	// absent means the mesh's default number.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Attempts *int32 `json:"attempts,omitempty"`

	// codes are the statuses after which a request is sent again. Absent
	// means the mesh's default ones.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	Codes []HTTPRouteRetryStatusCode `json:"codes,omitempty"`

	// failures are failures without a status after which a request is sent
	// again: ConnectFailure, RefusedStream, Reset. Absent means the mesh's
	// default ones. The field is not called "on", which YAML reads as true.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=3
	Failures []RetryFailure `json:"failures,omitempty"`

	// backoff is how long to wait before a retry. Absent means the mesh's
	// default.
	//
	// +optional
	Backoff *RetryBackoff `json:"backoff,omitempty"`
}

// RetryBackoff is how long to wait before a retry: base before the first,
// longer before each further one, with jitter, at most max.
//
// +kubebuilder:validation:XValidation:rule="duration(self.base) > duration('0s')",message="base must be above 0s: remove backoff for the mesh's default"
// +kubebuilder:validation:XValidation:rule="!has(self.max) || duration(self.max) >= duration(self.base)",message="max is shorter than base: raise max, or lower base"
type RetryBackoff struct {
	// base is the wait before the first retry.
	//
	// +required
	Base Duration `json:"base,omitempty"`

	// max is the longest wait. Absent means the mesh's default.
	//
	// +optional
	Max Duration `json:"max,omitempty"`
}

// Fault delays or fails requests on purpose. A request may be hit by both:
// first the delay, then the abort.
//
// +kubebuilder:validation:MinProperties=1
type Fault struct {
	// delay holds requests back.
	//
	// +optional
	Delay *FaultDelay `json:"delay,omitempty"`

	// abort answers requests in the target's place.
	//
	// +optional
	Abort *FaultAbort `json:"abort,omitempty"`
}

// FaultDelay holds requests back.
//
// +kubebuilder:validation:XValidation:rule="duration(self.duration) > duration('0s')",message="duration must be above 0s: remove delay for no delay"
type FaultDelay struct {
	// duration is how long.
	//
	// +required
	Duration Duration `json:"duration,omitempty"`

	// percent is the share of requests that is hit. Absent means 100.
	//
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent *int32 `json:"percent,omitempty"`
}

// FaultAbort answers requests in the target's place.
type FaultAbort struct {
	// httpStatus is the status of the answer.
	//
	// +required
	// +kubebuilder:validation:Minimum=200
	// +kubebuilder:validation:Maximum=599
	HTTPStatus int32 `json:"httpStatus,omitempty"`

	// percent is the share of requests that is hit. Absent means 100.
	//
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Percent *int32 `json:"percent,omitempty"`
}
