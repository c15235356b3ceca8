package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// InstallState is how far an installation, an upgrade or a removal has come.
type InstallState struct {
	// conditions are Installed and, while true, Upgrading, Reconciling and
	// Stalled, as the installer sees them.
	//
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation that the installer last worked on.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// version is the exact version that spec.version was resolved to.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// revision is the control plane that new members belong to.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Revision string `json:"revision,omitempty"`

	// gateways is what the gateways that are paired with the mesh shall run:
	// it follows version and revision when their wave comes.
	//
	// +optional
	Gateways *GatewayWave `json:"gateways,omitempty"`

	// wave is what the proxies of members are to become, and since when.
	//
	// +optional
	Wave *MemberWave `json:"wave,omitempty"`

	// abandoned is what members could not move to. It is not tried again until
	// the spec changes, or the annotation meshloom.io/retry.
	//
	// +optional
	Abandoned *AbandonedWave `json:"abandoned,omitempty"`

	// waveSince is when the wave last touched something: a namespace that was
	// moved, or a workload that was restarted.
	//
	// +optional
	WaveSince *metav1.Time `json:"waveSince,omitempty"`

	// releases are the Helm releases as the installer wrote them last.
	//
	// +optional
	// +listType=map
	// +listMapKey=namespace
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Releases []InstalledRelease `json:"releases,omitempty"`

	// immovable names the workloads that cannot be restarted without losing
	// requests, each with the reason, at most 32 of them.
	//
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=512
	Immovable []string `json:"immovable,omitempty"`

	// retried is the value of the annotation meshloom.io/retry that was
	// answered last.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Retried string `json:"retried,omitempty"`

	// trust is how far a rotation of the root of trust has come.
	//
	// +optional
	Trust *TrustState `json:"trust,omitempty"`
}

// MemberWave is what the proxies of members are to become.
type MemberWave struct {
	// version is the exact version.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// revision is the control plane that they are to belong to.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Revision string `json:"revision,omitempty"`

	// from is the version that the same control plane ran before; absent where
	// another one ran.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	From string `json:"from,omitempty"`

	// since is when that became so. What was restarted earlier was restarted
	// for something else.
	//
	// +required
	Since *metav1.Time `json:"since,omitempty"`
}

// AbandonedWave is what members could not move to, and why.
type AbandonedWave struct {
	// version is the exact version.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// revision is the control plane.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Revision string `json:"revision,omitempty"`

	// message says what failed.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// GatewayWave is what gateways shall run.
type GatewayWave struct {
	// version is the exact version.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Version string `json:"version,omitempty"`

	// revision is the control plane that they belong to.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Revision string `json:"revision,omitempty"`
}

// InstalledRelease is one Helm release as the installer wrote it.
type InstalledRelease struct {
	// namespace is the release's namespace.
	//
	// +required
	Namespace Namespace `json:"namespace,omitempty"`

	// name is the release's name.
	//
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`

	// chart is the name and version of its chart.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Chart string `json:"chart,omitempty"`

	// revision is Helm's number of it.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	Revision int32 `json:"revision,omitempty"`

	// digest is that of the chart and values that were written.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Digest string `json:"digest,omitempty"`

	// failed is the digest of a chart and values that could not be installed.
	// They are not tried again until they change.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Failed string `json:"failed,omitempty"`

	// why says what made it fail, and names the object.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Why string `json:"why,omitempty"`

	// good is the digest of the chart and values that have been seen to work.
	// What stops working later is reported, and not rolled back.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Good string `json:"good,omitempty"`

	// since is when the installer wrote it.
	//
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// TrustStage says how far a rotation of the root of trust has come.
//
// +kubebuilder:validation:Enum=Steady;Introducing;Signing;Retiring
type TrustStage string

const (
	// TrustSteady means that there is one root, and no rotation.
	TrustSteady TrustStage = "Steady"
	// TrustIntroducing means that workloads learn to trust the next root.
	TrustIntroducing TrustStage = "Introducing"
	// TrustSigning means that certificates are issued by the next root, and
	// both are trusted.
	TrustSigning TrustStage = "Signing"
	// TrustRetiring means that workloads forget the root before.
	TrustRetiring TrustStage = "Retiring"
)

// TrustState is how far a rotation of the root of trust has come.
type TrustState struct {
	// stage is Steady, Introducing, Signing or Retiring.
	//
	// +required
	Stage TrustStage `json:"stage,omitempty"`

	// since is when the stage began.
	//
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// notAfter is when the root that signs runs out.
	//
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`

	// fingerprint is the SHA-256 of the root that signs, in hexadecimal.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Fingerprint string `json:"fingerprint,omitempty"`

	// asked is the value of the annotation meshloom.io/rotate-root that was
	// answered last.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Asked string `json:"asked,omitempty"`
}
