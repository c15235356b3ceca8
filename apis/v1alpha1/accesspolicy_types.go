package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// AccessPolicy says who may call its targets, with which methods and paths.
//
// AccessPolicies never conflict, they add up. A matching Deny denies.
// Otherwise, if any Allow selects the workload, only a matching Allow rule
// admits. Otherwise the mesh's access.default decides.
//
// A policy that a mesh cannot express fails closed: an Allow then admits
// nobody, a Deny then denies more.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=accesspolicies,shortName=mlap,categories=meshloom
// +kubebuilder:printcolumn:name="Action",type=string,JSONPath=`.spec.action`
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.targetRefs[0].name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type AccessPolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec AccessPolicySpec `json:"spec,omitzero"`

	// status is what became of it.
	//
	// +optional
	Status AccessPolicyStatus `json:"status,omitzero"`
}

// AccessPolicyList is a list of AccessPolicies.
//
// +kubebuilder:object:root=true
type AccessPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []AccessPolicy `json:"items"`
}

// AccessPolicySpec says who may call what.
//
// +kubebuilder:validation:XValidation:rule="has(self.targetRefs) || !has(self.rules) || !self.rules.exists(r, has(r.to) && r.to.exists(t, has(t.ports)))",message="ports are a Service's ports, and a policy without targetRefs has no Service: name the Services in targetRefs, or remove ports"
type AccessPolicySpec struct {
	// targetRefs are the Services that the policy is for, in its own
	// namespace. A Service stands for the pods that it selects; the policy
	// governs every connection to them, by any address and port. Absent
	// means every workload of the namespace, except IngressGateways.
	//
	// +optional
	// +listType=map
	// +listMapKey=kind
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	TargetRefs []AccessTargetReference `json:"targetRefs,omitempty"`

	// action is Allow or Deny.
	//
	// +required
	Action AccessAction `json:"action,omitempty"`

	// rules are ORed. No rule matches nothing: an Allow without rules closes
	// its targets, a Deny without rules does nothing.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Rules []AccessRule `json:"rules,omitempty"`
}

// AccessAction says what happens to requests that a rule matches.
//
// +kubebuilder:validation:Enum=Allow;Deny
type AccessAction string

const (
	// AccessAllow admits what a rule matches, and nothing else.
	AccessAllow AccessAction = "Allow"
	// AccessDeny refuses what a rule matches.
	AccessDeny AccessAction = "Deny"
)

// AccessTargetKind is a kind that an AccessPolicy may target.
//
// +kubebuilder:validation:Enum=Service
type AccessTargetKind string

// AccessTargetService targets the pods that a Service selects.
const AccessTargetService AccessTargetKind = "Service"

// AccessTargetReference names a Service in the policy's own namespace.
type AccessTargetReference struct {
	// kind is Service.
	//
	// +required
	Kind AccessTargetKind `json:"kind,omitempty"`

	// name is the Service's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`
}

// AccessRule matches a request when the caller is one of from and the request
// is one of to.
type AccessRule struct {
	// from are the callers; they are ORed.
	//
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	From []AccessSource `json:"from,omitempty"`

	// to are the requests; they are ORed. Absent means every request, of
	// any protocol.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	To []AccessOperation `json:"to,omitempty"`
}

// AccessSource is a caller. Its fields are ANDed.
//
// +kubebuilder:validation:XValidation:rule="has(self.serviceAccount) || has(self.service) || has(self.__namespace__) || has(self.ingressGateway) || has(self.member) || has(self.anyone)",message="name the caller: set serviceAccount, service, namespace, ingressGateway, member or anyone"
// +kubebuilder:validation:XValidation:rule="!has(self.anyone) || !(has(self.serviceAccount) || has(self.service) || has(self.__namespace__) || has(self.ingressGateway) || has(self.member))",message="anyone stands alone: remove it, or remove the other fields of the item"
type AccessSource struct {
	// serviceAccount is a caller that runs under this service account.
	//
	// +optional
	ServiceAccount *SourceReference `json:"serviceAccount,omitempty"`

	// service is a caller that is a pod of this Service. It resolves to the
	// identity of those pods; in an Allow it is refused (IdentityShared)
	// while workloads of others run under the same identity.
	//
	// +optional
	Service *SourceReference `json:"service,omitempty"`

	// namespace is a caller in this namespace.
	//
	// +optional
	Namespace *SourceNamespace `json:"namespace,omitempty"`

	// ingressGateway is a request that came through this IngressGateway. It
	// resolves to the gateway's identity, as service does.
	//
	// +optional
	IngressGateway *SourceReference `json:"ingressGateway,omitempty"`

	// member is a caller with any identity of this mesh.
	//
	// +optional
	Member *SourceMember `json:"member,omitempty"`

	// anyone is every caller, with an identity or without.
	//
	// +optional
	Anyone *SourceAnyone `json:"anyone,omitempty"`
}

// SourceReference names an object that callers are known by. The object needs
// no grant and need not exist.
type SourceReference struct {
	// name is the object's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// namespace is the object's namespace. Absent means the policy's own.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`
}

// SourceNamespace names a namespace that callers are in.
type SourceNamespace struct {
	// name is the namespace's name.
	//
	// +required
	Name Namespace `json:"name,omitempty"`
}

// SourceMember is any identity of the mesh. It has no fields.
type SourceMember struct{}

// SourceAnyone is every caller. It has no fields.
type SourceAnyone struct{}

// AccessOperation is a kind of request. Its fields are ANDed, the items of
// each are ORed. methods and paths match only requests of HTTP; on ports that
// are not known to be HTTP they are refused as ProtocolUnknown.
//
// +kubebuilder:validation:XValidation:rule="has(self.methods) || has(self.paths) || has(self.ports)",message="say which requests: set methods, paths or ports, or remove to for every request"
type AccessOperation struct {
	// methods are the methods. Absent means every method.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=9
	Methods []HTTPMethod `json:"methods,omitempty"`

	// paths are the paths, of type Exact or PathPrefix. Absent means every
	// path.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(p, !has(p.type) || p.type != 'RegularExpression')",message="meshes read expressions differently, which is no ground for access: use type Exact or PathPrefix"
	Paths []HTTPPathMatch `json:"paths,omitempty"`

	// ports are ports of the target Service, resolved to the ports of its
	// pods. Absent means every port.
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []PortNumber `json:"ports,omitempty"`
}

// AccessPolicyStatus says what became of an AccessPolicy.
type AccessPolicyStatus struct {
	TargetedStatus `json:",inline"`
}
