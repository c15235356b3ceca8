package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Duration is a length of time as Gateway API writes it (GEP-2257): one to
// four numbers of at most five digits, each with the unit h, m, s or ms.
// "10s", "1m30s" and "250ms" are durations; "1.5s" and "10" are not.
//
// +kubebuilder:validation:MinLength=2
// +kubebuilder:validation:MaxLength=28
// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(h|m|s|ms)){1,4}$`
type Duration string

// PortNumber is a port of TCP.
//
// +kubebuilder:validation:Minimum=1
// +kubebuilder:validation:Maximum=65535
type PortNumber int32

// Hostname is a DNS name, or "*." and a DNS name for every name below it.
// The wildcard stands for one label or more.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type Hostname string

// PreciseHostname is a DNS name without a wildcard.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type PreciseHostname string

// ObjectName is the name of a Kubernetes object.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
type ObjectName string

// Namespace is the name of a Kubernetes namespace.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
type Namespace string

// SectionName is the name of a part of an object: a listener of an
// IngressGateway, a rule of a TrafficSplit or of a GatewayRoute.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=253
// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
type SectionName string

// Fraction is numerator/denominator, for shares finer than a percent.
//
// +kubebuilder:validation:XValidation:rule="self.numerator <= (has(self.denominator) ? self.denominator : 100)",message="numerator is greater than denominator: a fraction is at most 1"
type Fraction struct {
	// numerator is the upper part.
	//
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000000
	Numerator *int32 `json:"numerator,omitempty"`

	// denominator is the lower part. Absent means 100.
	//
	// +optional
	// +default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Denominator int32 `json:"denominator,omitempty"`
}

// FromNamespaces says which namespaces are meant.
//
// +kubebuilder:validation:Enum=All;None;Selector
type FromNamespaces string

const (
	// FromAll means every namespace.
	FromAll FromNamespaces = "All"
	// FromNone means no namespace.
	FromNone FromNamespaces = "None"
	// FromSelector means the namespaces that a label selector selects.
	FromSelector FromNamespaces = "Selector"
)

// NamespaceSelection is a set of namespaces.
//
// +kubebuilder:validation:XValidation:rule="(self.from == 'Selector') == has(self.selector)",message="set selector exactly when from is Selector"
type NamespaceSelection struct {
	// from says which namespaces are meant: All, None, or those that
	// selector selects (Selector).
	//
	// +required
	From FromNamespaces `json:"from,omitempty"`

	// selector selects namespaces by their labels. It goes with from:
	// Selector and with nothing else.
	//
	// +optional
	// +kubebuilder:validation:XValidation:rule="(!has(self.matchLabels) || self.matchLabels.size() <= 16) && (!has(self.matchExpressions) || self.matchExpressions.size() <= 16)",message="at most 16 matchLabels and 16 matchExpressions are allowed"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}
