package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GatewayRoute says how hosts and paths of IngressGateways reach Services:
// north-south traffic. Routes of one host merge as HTTPRoutes do: an exact path
// before a longer prefix before an expression, then more header and query
// matches, then the oldest.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=gatewayroutes,shortName=mlroute,categories=meshloom
// +kubebuilder:printcolumn:name="Hostnames",type=string,JSONPath=`.spec.hostnames`
// +kubebuilder:printcolumn:name="Parent",type=string,JSONPath=`.spec.parentRefs[0].name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type GatewayRoute struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec GatewayRouteSpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status GatewayRouteStatus `json:"status,omitzero"`
}

// GatewayRouteList is a list of GatewayRoutes.
//
// +kubebuilder:object:root=true
type GatewayRouteList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []GatewayRoute `json:"items"`
}

// GatewayRouteSpec says where requests from outside go.
type GatewayRouteSpec struct {
	// parentRefs are the IngressGateways, or listeners of them, that the
	// route attaches to.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, a.name == b.name && has(a.__namespace__) == has(b.__namespace__) && (!has(a.__namespace__) || a.__namespace__ == b.__namespace__) && has(a.sectionName) == has(b.sectionName) && (!has(a.sectionName) || a.sectionName == b.sectionName)))",message="two parentRefs are the same: remove one"
	ParentRefs []ParentReference `json:"parentRefs,omitempty"`

	// hostnames are the hosts that the route is for, each of which must be
	// one of the listener's. Absent means every host of the listener.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	Hostnames []Hostname `json:"hostnames,omitempty"`

	// rules say where requests go. What none matches is answered with 404.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(a, !has(a.name) || self.exists_one(b, has(b.name) && a.name == b.name))",message="two rules have the same name: policies could not tell them apart"
	Rules []GatewayRouteRule `json:"rules,omitempty"`
}

// GatewayRouteRule says where the requests go that it matches.
//
// +kubebuilder:validation:XValidation:rule="has(self.backendRefs) != (has(self.filters) && self.filters.exists(f, f.type == 'RequestRedirect'))",message="a rule has either backendRefs or a RequestRedirect filter: add one, or remove the other"
// +kubebuilder:validation:XValidation:rule="!has(self.filters) || !self.filters.exists(f, (has(f.requestRedirect) && has(f.requestRedirect.path) && f.requestRedirect.path.type == 'ReplacePrefixMatch') || (has(f.urlRewrite) && has(f.urlRewrite.path) && f.urlRewrite.path.type == 'ReplacePrefixMatch')) || (has(self.matches) && self.matches.size() == 1 && has(self.matches[0].path) && (!has(self.matches[0].path.type) || self.matches[0].path.type == 'PathPrefix'))",message="ReplacePrefixMatch needs to know the prefix: give the rule exactly one match, with a path of type PathPrefix"
type GatewayRouteRule struct {
	// name is the rule's name; the targetRefs of a TrafficPolicy call it
	// sectionName.
	//
	// +optional
	Name SectionName `json:"name,omitempty"`

	// matches are ORed. Absent means every request.
	//
	// +optional
	// +listType=atomic
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
	BackendRefs []BackendRef `json:"backendRefs,omitempty"`
}

// GatewayRouteStatus says what became of a GatewayRoute.
type GatewayRouteStatus struct {
	TargetedStatus `json:",inline"`
}
