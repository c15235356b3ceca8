package linkerd

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// No Go module serves Linkerd's policy types, so those fields that are written
// here are declared here. Tests check them against the real definitions.

// policy is an object of the group policy.linkerd.io.
type policy[S interface{ DeepCopy() S }] struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              S `json:"spec"`
}

// DeepCopyObject returns a copy that shares nothing with the object.
func (p *policy[S]) DeepCopyObject() runtime.Object {
	out := &policy[S]{TypeMeta: p.TypeMeta, Spec: p.Spec.DeepCopy()}
	p.DeepCopyInto(&out.ObjectMeta)
	return out
}

type (
	server                = policy[serverSpec]
	authorizationPolicy   = policy[authorizationPolicySpec]
	meshTLSAuthentication = policy[meshTLSAuthenticationSpec]
	networkAuthentication = policy[networkAuthenticationSpec]
	egressNetwork         = policy[egressNetworkSpec]
	rateLimitPolicy       = policy[rateLimitSpec]
)

// serverSpec selects one port of pods. What no authorization admits there is
// decided by AccessPolicy, which is "deny" where it is empty.
type serverSpec struct {
	AccessPolicy  string                `json:"accessPolicy,omitempty"`
	PodSelector   *metav1.LabelSelector `json:"podSelector"`
	Port          int32                 `json:"port"`
	ProxyProtocol string                `json:"proxyProtocol,omitempty"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s serverSpec) DeepCopy() serverSpec {
	s.PodSelector = s.PodSelector.DeepCopy()
	return s
}

// authorizationPolicySpec admits to its target whoever has all of the
// authentications.
type authorizationPolicySpec struct {
	TargetRef                  policyRef   `json:"targetRef"`
	RequiredAuthenticationRefs []policyRef `json:"requiredAuthenticationRefs"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s authorizationPolicySpec) DeepCopy() authorizationPolicySpec {
	s.RequiredAuthenticationRefs = slices.Clone(s.RequiredAuthenticationRefs)
	return s
}

type policyRef struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// meshTLSAuthenticationSpec has exactly one of its fields.
type meshTLSAuthenticationSpec struct {
	Identities   []string    `json:"identities,omitempty"`
	IdentityRefs []policyRef `json:"identityRefs,omitempty"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s meshTLSAuthenticationSpec) DeepCopy() meshTLSAuthenticationSpec {
	s.Identities, s.IdentityRefs = slices.Clone(s.Identities), slices.Clone(s.IdentityRefs)
	return s
}

type networkAuthenticationSpec struct {
	Networks []network `json:"networks"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s networkAuthenticationSpec) DeepCopy() networkAuthenticationSpec {
	s.Networks = slices.Clone(s.Networks)
	return s
}

type network struct {
	CIDR string `json:"cidr"`
}

// egressNetworkSpec captures what leaves the cluster; without networks that is
// every address outside of the cluster's own.
type egressNetworkSpec struct {
	TrafficPolicy string `json:"trafficPolicy"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s egressNetworkSpec) DeepCopy() egressNetworkSpec { return s }

// rateLimitSpec limits the requests that the Server of its target lets through.
type rateLimitSpec struct {
	TargetRef policyRef    `json:"targetRef"`
	Total     requestLimit `json:"total"`
}

type requestLimit struct {
	RequestsPerSecond int64 `json:"requestsPerSecond"`
}

// DeepCopy returns a copy that shares nothing with the original.
func (s rateLimitSpec) DeepCopy() rateLimitSpec { return s }

// podSelector returns a selector that shares nothing with the labels.
func podSelector(labels map[string]string, not []metav1.LabelSelectorRequirement) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: maps.Clone(labels), MatchExpressions: not}
}
