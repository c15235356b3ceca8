package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TrafficPolicy says how requests to its targets are treated on the way.
//
// Where several policies speak of the same request, each top-level field is
// taken whole from the nearest level (a rule before its object before the
// Service), then from the oldest policy.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=trafficpolicies,shortName=mltp,categories=meshloom
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.targetRefs[0].name`
// +kubebuilder:printcolumn:name="Kind",type=string,priority=1,JSONPath=`.spec.targetRefs[0].kind`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type TrafficPolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec TrafficPolicySpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status TrafficPolicyStatus `json:"status,omitzero"`
}

// TrafficPolicyList is a list of TrafficPolicies.
//
// +kubebuilder:object:root=true
type TrafficPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []TrafficPolicy `json:"items"`
}

// TrafficPolicySpec says how requests are treated.
//
// +kubebuilder:validation:XValidation:rule="!has(self.outlierDetection) || self.targetRefs.all(t, t.kind == 'Service')",message="outlierDetection acts on a Service, where every mesh keeps it: target Services only, or move outlierDetection to a TrafficPolicy of its own"
// +kubebuilder:validation:XValidation:rule="!has(self.connectionPool) || self.targetRefs.all(t, t.kind == 'Service')",message="connectionPool acts on a Service, where every mesh keeps it: target Services only, or move connectionPool to a TrafficPolicy of its own"
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancer) || self.targetRefs.all(t, t.kind == 'Service')",message="loadBalancer acts on a Service, where every mesh keeps it: target Services only, or move loadBalancer to a TrafficPolicy of its own"
// +kubebuilder:validation:XValidation:rule="!has(self.rateLimit) || self.targetRefs.all(t, t.kind == 'Service')",message="rateLimit acts on a Service, where every mesh keeps it: target Services only, or move rateLimit to a TrafficPolicy of its own"
// +kubebuilder:validation:XValidation:rule="has(self.timeouts) || has(self.retry) || has(self.fault) || has(self.outlierDetection) || has(self.connectionPool) || has(self.loadBalancer) || has(self.rateLimit)",message="the policy says nothing: set timeouts, retry, fault, outlierDetection, connectionPool, loadBalancer or rateLimit"
type TrafficPolicySpec struct {
	// targetRefs are what the policy is for, in its own namespace: Services,
	// TrafficSplits and GatewayRoutes, or rules of them (sectionName).
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, a.kind == b.kind && a.name == b.name && has(a.sectionName) == has(b.sectionName) && (!has(a.sectionName) || a.sectionName == b.sectionName)))",message="two targetRefs are the same: remove one"
	TargetRefs []PolicyTargetReference `json:"targetRefs,omitempty"`

	// timeouts limit how long a request may take.
	//
	// +optional
	Timeouts *HTTPRouteTimeouts `json:"timeouts,omitempty"`

	// retry says when and how often a failed request is sent again. Absent
	// means the mesh's default.
	//
	// +optional
	Retry *Retry `json:"retry,omitempty"`

	// fault delays or fails requests on purpose, to test their callers.
	//
	// +optional
	Fault *Fault `json:"fault,omitempty"`

	// outlierDetection takes endpoints that keep failing out of use for a
	// while. Targets must be Services.
	//
	// +optional
	OutlierDetection *OutlierDetection `json:"outlierDetection,omitempty"`

	// connectionPool limits connections and waiting requests of each caller.
	// Targets must be Services.
	//
	// +optional
	ConnectionPool *ConnectionPool `json:"connectionPool,omitempty"`

	// loadBalancer says which endpoint gets a request. Targets must be
	// Services.
	//
	// +optional
	LoadBalancer *LoadBalancer `json:"loadBalancer,omitempty"`

	// rateLimit limits how many requests are taken. Targets must be
	// Services.
	//
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`

	// onUnsupported says what to do where a mesh or ingress cannot express
	// a field. Reject: nothing of this policy is programmed there. Ignore:
	// the rest is, and status lists what is not. Absent means Reject.
	//
	// +optional
	// +default="Reject"
	OnUnsupported UnsupportedAction `json:"onUnsupported,omitempty"`
}

// UnsupportedAction says what to do with what cannot be expressed.
//
// +kubebuilder:validation:Enum=Reject;Ignore
type UnsupportedAction string

const (
	// UnsupportedReject programs nothing of the policy.
	UnsupportedReject UnsupportedAction = "Reject"
	// UnsupportedIgnore programs the rest of the policy.
	UnsupportedIgnore UnsupportedAction = "Ignore"
)

// TrafficPolicyStatus says what became of a TrafficPolicy.
type TrafficPolicyStatus struct {
	TargetedStatus `json:",inline"`
}
