package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MaxTargets is the number of entries that a targets list in a status holds;
// targetsOmitted counts the rest.
const MaxTargets = 32

// TargetedStatus is the status of every kind that speaks about something
// else: routes, splits, policies and external services.
type TargetedStatus struct {
	// conditions sum up the targets: Ready always, Reconciling and Stalled
	// while true.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that this status speaks of.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// targets says for each target, on each mesh or gateway that it
	// concerns, what became of it. The worst come first; at most 32 are
	// listed.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Targets []TargetStatus `json:"targets,omitempty"`

	// targetsOmitted counts the targets that the list has no room for. Absent
	// means that all are listed.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	TargetsOmitted int32 `json:"targetsOmitted,omitempty"`
}

// TargetStatus says what became of one target on one mesh or gateway.
type TargetStatus struct {
	// conditions are Accepted, ResolvedRefs and Programmed, and
	// PartiallySupported while true.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// ref is the target as the spec names it.
	//
	// +required
	Ref TargetReference `json:"ref,omitzero"`

	// on is the Mesh or the IngressGateway listener that programs it.
	// Absent when there is none, as for a target that does not exist.
	//
	// +optional
	On *ProgrammerReference `json:"on,omitempty"`
}

// TargetReference names what a spec speaks about. Its namespace is that of
// the object, except for the IngressGateway of a parentRef, whose namespace
// is in on.
type TargetReference struct {
	// kind is the target's kind.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// name is the target's name. Absent for a policy that targets a whole
	// namespace.
	//
	// +optional
	Name ObjectName `json:"name,omitempty"`

	// sectionName is the part of the target that is meant.
	//
	// +optional
	SectionName SectionName `json:"sectionName,omitempty"`
}

// ProgrammerReference names who turns native objects into traffic: a Mesh,
// or an IngressGateway and one listener of it.
type ProgrammerReference struct {
	// kind is Mesh or IngressGateway.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// namespace is the IngressGateway's namespace.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`

	// name is the object's name.
	//
	// +required
	Name ObjectName `json:"name,omitempty"`

	// sectionName is the listener's name.
	//
	// +optional
	SectionName SectionName `json:"sectionName,omitempty"`
}
