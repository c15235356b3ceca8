package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// InstalledStatus is the status of what is installed: meshes and ingress
// controllers.
type InstalledStatus struct {
	// conditions are Accepted, Installed and Ready; Upgrading, Reconciling
	// and Stalled while true.
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

	// version is the version that runs; of several, the one that new
	// members get.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// revisions are the control planes that run, the newest first.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Revisions []Revision `json:"revisions,omitempty"`

	// members counts the namespaces in a mesh, or the IngressGateways of an
	// ingress controller.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	Members *int32 `json:"members,omitempty"`

	// env is what was seen of the mesh or controller. It decides what can be
	// programmed.
	//
	// +optional
	Env *ObservedEnv `json:"env,omitempty"`

	// install is how far the installer has come. Only the installer writes it;
	// it is absent on what is Adopted.
	//
	// +optional
	Install *InstallState `json:"install,omitempty"`
}

// Revision is one control plane.
type Revision struct {
	// name is the revision's name.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// version is the version that it runs.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// members counts the members that belong to it.
	//
	// +optional
	// +kubebuilder:validation:Minimum=0
	Members *int32 `json:"members,omitempty"`
}

// ObservedEnv is what was seen of a running mesh or ingress controller. It
// decides what can be programmed there.
type ObservedEnv struct {
	// variant is the way it runs, such as a data plane mode.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Variant string `json:"variant,omitempty"`

	// version is the version that answers.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// edition is the vendor's edition, where there are several.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Edition string `json:"edition,omitempty"`

	// gatewayAPI is what the cluster has of Gateway API.
	//
	// +optional
	GatewayAPI *ObservedGatewayAPI `json:"gatewayAPI,omitempty"`

	// facts are further observations by name, such as a switch of the
	// control plane that changes what a field can do.
	//
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Facts []ObservedFact `json:"facts,omitempty"`
}

// ObservedGatewayAPI is what a cluster has of Gateway API.
type ObservedGatewayAPI struct {
	// version is the bundle's version.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// channel is the bundle's channel: standard or experimental.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Channel string `json:"channel,omitempty"`

	// served lists what is served, as "HTTPRoute/v1".
	//
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=127
	Served []string `json:"served,omitempty"`
}

// ObservedFact is one observation.
type ObservedFact struct {
	// name is what was looked at.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=127
	Name string `json:"name,omitempty"`

	// value is what was seen.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Value string `json:"value,omitempty"`
}
