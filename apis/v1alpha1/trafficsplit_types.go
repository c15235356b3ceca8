package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TrafficSplit says how requests to one Service are divided among versions,
// by weight and by match. Of several for the same Service and port, the oldest
// wins, ties by namespace and name; the others are Conflicted.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=trafficsplits,shortName=mlsplit,categories=meshloom
// +kubebuilder:printcolumn:name="Service",type=string,JSONPath=`.spec.service.name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type TrafficSplit struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec TrafficSplitSpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status TrafficSplitStatus `json:"status,omitzero"`
}

// TrafficSplitList is a list of TrafficSplits.
//
// +kubebuilder:object:root=true
type TrafficSplitList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []TrafficSplit `json:"items"`
}

// TrafficSplitSpec says how requests are divided.
type TrafficSplitSpec struct {
	// service is the Service that is called: the apex.
	//
	// +required
	Service SplitService `json:"service,omitzero"`

	// rules are looked at before backendRefs. The most specific match wins,
	// as in Gateway API, whatever the order.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, !has(a.name) || self.exists_one(b, has(b.name) && a.name == b.name))",message="two rules have the same name: policies could not tell them apart"
	Rules []TrafficSplitRule `json:"rules,omitempty"`

	// backendRefs get every request that no rule matches.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.exists(b, !has(b.weight) || b.weight > 0)",message="all weights are 0, which would answer every request with an error: give at least one backend a weight above 0"
	BackendRefs []SplitBackendRef `json:"backendRefs,omitempty"`
}

// SplitService is the Service that a TrafficSplit divides requests to.
type SplitService struct {
	// name is the Service's name, in the TrafficSplit's namespace.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// ports are the Service's ports that the split is for. Absent means
	// every port that is known to be HTTP, HTTP2 or GRPC.
	//
	// +optional
	// +listType=map
	// +listMapKey=port
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []SplitPort `json:"ports,omitempty"`
}

// HTTPProtocol is a protocol whose requests can be told apart.
//
// +kubebuilder:validation:Enum=HTTP;HTTP2;GRPC
type HTTPProtocol string

const (
	// ProtocolHTTP is HTTP/1.1, and HTTP/2 where both sides offer it.
	ProtocolHTTP HTTPProtocol = "HTTP"
	// ProtocolHTTP2 is HTTP/2.
	ProtocolHTTP2 HTTPProtocol = "HTTP2"
	// ProtocolGRPC is gRPC.
	ProtocolGRPC HTTPProtocol = "GRPC"
)

// SplitPort is a port of the Service that a TrafficSplit is for.
type SplitPort struct {
	// port is the Service's port (not the container's).
	//
	// +required
	Port PortNumber `json:"port,omitempty"`

	// protocol is HTTP, HTTP2 or GRPC. Absent means what the Service says:
	// appProtocol, then the prefix of the port's name. Where that says
	// nothing, the port is refused as ProtocolUnknown.
	//
	// +optional
	Protocol HTTPProtocol `json:"protocol,omitempty"`
}

// TrafficSplitRule divides the requests that it matches.
//
// +kubebuilder:validation:XValidation:rule="has(self.backendRefs) != (has(self.filters) && self.filters.exists(f, f.type == 'RequestRedirect'))",message="a rule has either backendRefs or a RequestRedirect filter: add one, or remove the other"
// +kubebuilder:validation:XValidation:rule="!has(self.filters) || !self.filters.exists(f, (has(f.requestRedirect) && has(f.requestRedirect.path) && f.requestRedirect.path.type == 'ReplacePrefixMatch') || (has(f.urlRewrite) && has(f.urlRewrite.path) && f.urlRewrite.path.type == 'ReplacePrefixMatch')) || (has(self.matches) && self.matches.size() == 1 && has(self.matches[0].path) && (!has(self.matches[0].path.type) || self.matches[0].path.type == 'PathPrefix'))",message="ReplacePrefixMatch needs to know the prefix: give the rule exactly one match, with a path of type PathPrefix"
// +kubebuilder:validation:XValidation:rule="!has(self.filters) || !self.filters.exists(f, has(f.requestMirror) && has(f.requestMirror.backendRef.__namespace__))",message="a TrafficSplit speaks of its own namespace: remove backendRef.namespace of requestMirror"
type TrafficSplitRule struct {
	// name is the rule's name; the targetRefs of a TrafficPolicy call it
	// sectionName.
	//
	// +optional
	Name SectionName `json:"name,omitempty"`

	// matches are ORed. At least one is needed: what no rule matches goes to
	// the split's backendRefs.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Matches []HTTPRouteMatch `json:"matches,omitempty"`

	// filters change the matched requests or their responses.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect', 'URLRewrite', 'CORS'].all(t, self.filter(f, f.type == t).size() <= 1)",message="only RequestMirror may be repeated: merge filters of the same type"
	// +kubebuilder:validation:XValidation:rule="!(self.exists(f, f.type == 'RequestRedirect') && self.exists(f, f.type == 'URLRewrite'))",message="a redirected request is not forwarded: remove URLRewrite and set the path in RequestRedirect"
	Filters []HTTPRouteFilter `json:"filters,omitempty"`

	// backendRefs get the matched requests. A rule that redirects has none.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.exists(b, !has(b.weight) || b.weight > 0)",message="all weights are 0, which would answer every request with an error: give at least one backend a weight above 0"
	BackendRefs []SplitBackendRef `json:"backendRefs,omitempty"`
}

// SplitBackendRef is a version of a Service: either some of its own pods, by
// label, or another Service of the namespace, by name.
//
// +kubebuilder:validation:XValidation:rule="has(self.name) != has(self.subset)",message="set either name (another Service) or subset (pods of this Service by label)"
// +kubebuilder:validation:XValidation:rule="!has(self.subset) || !has(self.port)",message="a subset is reached on the port that was called: remove port"
type SplitBackendRef struct {
	// name is a Service in the TrafficSplit's namespace. It may be the
	// split's own Service, which means all of its pods; it may not be the
	// apex of another TrafficSplit.
	//
	// +optional
	Name ObjectName `json:"name,omitempty"`

	// port is the port of the Service called name. Absent means the port
	// that was called.
	//
	// +optional
	Port PortNumber `json:"port,omitempty"`

	// subset is some of the pods of the split's own Service.
	//
	// +optional
	Subset *Subset `json:"subset,omitempty"`

	// weight is this backend's share, relative to the sum of all weights of
	// the same list. Absent means 1; 0 means no request.
	//
	// +optional
	// +default=1
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Weight *int32 `json:"weight,omitempty"`
}

// Subset is a set of pods of a Service.
type Subset struct {
	// labels are labels that the pods have, all of them.
	//
	// +required
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, k.size() > 0 && k.size() <= 317 && self[k].size() <= 63)",message="a label's key has 1 to 317 characters and its value at most 63"
	Labels map[string]string `json:"labels,omitempty"`
}

// TrafficSplitStatus says what became of a TrafficSplit.
type TrafficSplitStatus struct {
	TargetedStatus `json:",inline"`
}
