package v1alpha1

import "k8s.io/apimachinery/pkg/runtime"

// Mode says who installs a mesh or an ingress controller.
//
// +kubebuilder:validation:Enum=Managed;Adopted
type Mode string

const (
	// ModeManaged means that Meshloom installs, upgrades and removes it.
	ModeManaged Mode = "Managed"
	// ModeAdopted means that it is there already and stays somebody else's.
	ModeAdopted Mode = "Adopted"
)

// UpgradeStrategy says how a new version takes over.
//
// +kubebuilder:validation:Enum=InPlace;Canary
type UpgradeStrategy string

const (
	// UpgradeInPlace replaces the running version.
	UpgradeInPlace UpgradeStrategy = "InPlace"
	// UpgradeCanary runs the new version beside the old one, moves members
	// in waves, and keeps the old one until nothing uses it.
	UpgradeCanary UpgradeStrategy = "Canary"
)

// RestartPolicy says who restarts workloads that must be restarted.
//
// +kubebuilder:validation:Enum=Automatic;Manual
type RestartPolicy string

const (
	// RestartAutomatic lets Meshloom restart workloads, in waves.
	RestartAutomatic RestartPolicy = "Automatic"
	// RestartManual leaves restarts to the user; status counts what is due.
	RestartManual RestartPolicy = "Manual"
)

// Upgrade says how a version change goes on.
//
// +kubebuilder:validation:MinProperties=1
type Upgrade struct {
	// strategy is InPlace or Canary. Absent means Canary where the provider
	// can run two versions side by side, else InPlace.
	//
	// +optional
	Strategy UpgradeStrategy `json:"strategy,omitempty"`

	// restarts is Automatic or Manual: who restarts workloads whose proxies
	// must change. Absent means Manual.
	//
	// +optional
	Restarts RestartPolicy `json:"restarts,omitempty"`

	// maxUnavailable is the number of workloads that may be restarting at a
	// time. Absent means 1.
	//
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxUnavailable int32 `json:"maxUnavailable,omitempty"`

	// settle is how long to watch after each wave before the next one
	// begins. Absent means 10s.
	//
	// +optional
	Settle Duration `json:"settle,omitempty"`
}

// Helm changes what is installed. Only cluster-scoped kinds carry it.
//
// +kubebuilder:validation:MinProperties=1
type Helm struct {
	// values overrides values of the provider's charts, by the chart's own
	// names. They are validated against the chart's schema where it has one.
	//
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Values *runtime.RawExtension `json:"values,omitempty"`

	// chartSource says where the charts come from. Absent means the
	// catalog's own source.
	//
	// +optional
	ChartSource *ChartSource `json:"chartSource,omitempty"`
}

// ChartSource is a repository of charts.
type ChartSource struct {
	// repository is the repository's address: oci://, https:// or http://.
	//
	// +required
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^(oci|https?)://[^\s]+$`
	Repository string `json:"repository,omitempty"`

	// secretRef names a Secret with the keys username and password, in the
	// namespace that Meshloom runs in. Absent means no credentials.
	//
	// +optional
	SecretRef *LocalObjectReference `json:"secretRef,omitempty"`
}
