package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Mesh says which service mesh a cluster has, which version of it, who is in
// it, and what holds between its members where no policy says otherwise.
//
// Absent optional fields mean the defaults that their comments state on a
// Managed mesh. On an Adopted mesh, absent mtls, access, egress and members
// mean hands off: nothing is written to anything that is not ours.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=meshes,shortName=mlmesh,categories=meshloom
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type Mesh struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec MeshSpec `json:"spec,omitzero"`

	// status is what was observed.
	//
	// +optional
	Status MeshStatus `json:"status,omitzero"`
}

// MeshList is a list of Meshes.
//
// +kubebuilder:object:root=true
type MeshList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []Mesh `json:"items"`
}

// MeshProvider is the make of a mesh.
//
// +kubebuilder:validation:Enum=Istio;Linkerd;Consul
type MeshProvider string

const (
	// MeshProviderIstio is Istio.
	MeshProviderIstio MeshProvider = "Istio"
	// MeshProviderLinkerd is Linkerd.
	MeshProviderLinkerd MeshProvider = "Linkerd"
	// MeshProviderConsul is Consul.
	MeshProviderConsul MeshProvider = "Consul"
)

// DataPlaneMode says where a mesh's proxies run.
//
// +kubebuilder:validation:Enum=Sidecar;Ambient
type DataPlaneMode string

const (
	// DataPlaneSidecar means one proxy in each pod.
	DataPlaneSidecar DataPlaneMode = "Sidecar"
	// DataPlaneAmbient means one proxy on each node and waypoints where
	// requests are looked into.
	DataPlaneAmbient DataPlaneMode = "Ambient"
)

// MeshSpec says what a mesh shall be.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.version)",message="an Adopted mesh is not installed by Meshloom: remove version, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.helm)",message="an Adopted mesh is not installed by Meshloom: remove helm, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.trust)",message="an Adopted mesh keeps its own trust: remove trust, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.upgrade)",message="an Adopted mesh is not upgraded by Meshloom: remove upgrade, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="!has(self.dataPlane) || self.dataPlane != 'Ambient' || self.provider == 'Istio'",message="only provider Istio has the data plane Ambient: set dataPlane to Sidecar"
// +kubebuilder:validation:XValidation:rule="(has(self.dataPlane) ? self.dataPlane : 'Sidecar') == (has(oldSelf.dataPlane) ? oldSelf.dataPlane : 'Sidecar')",message="dataPlane is immutable: create another Mesh and migrate its members (meshctl plan)"
// +kubebuilder:validation:XValidation:rule="has(self.controlPlaneNamespace) == has(oldSelf.controlPlaneNamespace) && (!has(self.controlPlaneNamespace) || self.controlPlaneNamespace == oldSelf.controlPlaneNamespace)",message="controlPlaneNamespace is immutable: create another Mesh and migrate its members (meshctl plan)"
// +kubebuilder:validation:XValidation:rule="self.mode != oldSelf.mode || (has(self.trust) && has(self.trust.domain)) == (has(oldSelf.trust) && has(oldSelf.trust.domain)) && (!has(self.trust) || !has(self.trust.domain) || self.trust.domain == oldSelf.trust.domain)",message="trust.domain is immutable, as every identity holds it: create another Mesh and migrate its members (meshctl plan)"
type MeshSpec struct {
	// provider is the make of the mesh: Istio, Linkerd or Consul.
	// Immutable: moving to another is a new Mesh and a migration.
	//
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="provider is immutable: create another Mesh and migrate its members (meshctl plan)"
	Provider MeshProvider `json:"provider,omitempty"`

	// mode is Managed (Meshloom installs, upgrades and removes the mesh) or
	// Adopted (it is there already). Adopted becomes Managed only through
	// `meshctl adopt`; an edit by hand is answered with AdoptionRequired.
	//
	// +required
	Mode Mode `json:"mode,omitempty"`

	// version is a minor ("1.31") or an exact version ("1.31.1"), resolved
	// by the catalog. Absent means the catalog's default. Not on Adopted.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.-]+)?$`
	Version string `json:"version,omitempty"`

	// dataPlane is Sidecar, or Ambient (Istio only). Absent means Sidecar.
	// Immutable.
	//
	// +optional
	DataPlane DataPlaneMode `json:"dataPlane,omitempty"`

	// controlPlaneNamespace is where the control plane runs. Absent means
	// the provider's usual one. Immutable.
	//
	// +optional
	ControlPlaneNamespace Namespace `json:"controlPlaneNamespace,omitempty"`

	// members says which namespaces are in the mesh. Absent means none on a
	// Managed mesh; on an Adopted one it means those that the mesh itself
	// takes for members. System, control plane and controller namespaces
	// are never members.
	//
	// +optional
	Members *MeshMembers `json:"members,omitempty"`

	// mtls says how members prove who they are to each other. Absent means
	// Permissive on a Managed mesh, hands off on an Adopted one.
	//
	// +optional
	MTLS *MeshMTLS `json:"mtls,omitempty"`

	// access says what holds for requests in the mesh that no AccessPolicy
	// speaks of. Absent means Allow on a Managed mesh, hands off on an
	// Adopted one.
	//
	// +optional
	Access *MeshAccess `json:"access,omitempty"`

	// egress says what members may reach outside of the mesh. Absent means
	// Allow on a Managed mesh, hands off on an Adopted one.
	//
	// +optional
	Egress *MeshEgress `json:"egress,omitempty"`

	// allowedGateways says whose IngressGateways may join the mesh. Absent
	// means nobody's.
	//
	// +optional
	AllowedGateways *AllowedGateways `json:"allowedGateways,omitempty"`

	// trust says what members' identities hang on. Absent means the
	// provider's usual domain and a root that is generated, kept, and
	// rotated before it expires. Not on Adopted.
	//
	// +optional
	Trust *MeshTrust `json:"trust,omitempty"`

	// upgrade says how a version change goes on. Not on Adopted.
	//
	// +optional
	Upgrade *Upgrade `json:"upgrade,omitempty"`

	// helm changes what is installed. Not on Adopted.
	//
	// +optional
	Helm *Helm `json:"helm,omitempty"`

	// observability says where the mesh's measurements are.
	//
	// +optional
	Observability *Observability `json:"observability,omitempty"`
}

// MeshMembers says which namespaces are in a mesh. A namespace belongs to the
// mesh recorded on it until it leaves; a second claim is Conflicted.
type MeshMembers struct {
	// namespaceSelector selects namespaces by their labels.
	//
	// +required
	// +kubebuilder:validation:XValidation:rule="(!has(self.matchLabels) || self.matchLabels.size() <= 16) && (!has(self.matchExpressions) || self.matchExpressions.size() <= 16)",message="at most 16 matchLabels and 16 matchExpressions are allowed"
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// MTLSMode says whether connections between members must be mutual TLS.
//
// +kubebuilder:validation:Enum=Strict;Permissive;Disabled
type MTLSMode string

const (
	// MTLSStrict refuses plaintext.
	MTLSStrict MTLSMode = "Strict"
	// MTLSPermissive takes mutual TLS and plaintext.
	MTLSPermissive MTLSMode = "Permissive"
	// MTLSDisabled takes plaintext only.
	MTLSDisabled MTLSMode = "Disabled"
)

// MeshMTLS says how members prove who they are to each other.
//
// +kubebuilder:validation:XValidation:rule="!has(self.force) || !self.force || self.mode == 'Strict'",message="force speaks of Strict: set mode to Strict, or remove force"
type MeshMTLS struct {
	// mode is Strict, Permissive or Disabled. Strict is applied only when
	// every member pod carries a proxy.
	//
	// +required
	Mode MTLSMode `json:"mode,omitempty"`

	// force applies Strict even where member pods lack a proxy, which cuts
	// them off. Absent means false.
	//
	// +optional
	Force *bool `json:"force,omitempty"`
}

// DefaultAction is what holds where nothing else speaks.
//
// +kubebuilder:validation:Enum=Allow;Deny
type DefaultAction string

const (
	// DefaultAllow lets it through.
	DefaultAllow DefaultAction = "Allow"
	// DefaultDeny refuses it.
	DefaultDeny DefaultAction = "Deny"
)

// MeshAccess says what holds for requests that no AccessPolicy speaks of.
type MeshAccess struct {
	// default is Allow or Deny.
	//
	// +required
	Default DefaultAction `json:"default,omitempty"`
}

// MeshEgress says what members may reach outside of the mesh.
//
// +kubebuilder:validation:MinProperties=1
type MeshEgress struct {
	// default is Allow or Deny: whether members may reach hosts that no
	// ExternalService names. Absent means what an absent egress means. It
	// is no security boundary: who controls a pod can get around its proxy.
	//
	// +optional
	Default DefaultAction `json:"default,omitempty"`

	// allowedNamespaces says which namespaces may publish ExternalServices
	// for the whole mesh (scope: Mesh). Absent means none.
	//
	// +optional
	AllowedNamespaces *NamespaceSelection `json:"allowedNamespaces,omitempty"`
}

// AllowedGateways says whose IngressGateways may join a mesh.
type AllowedGateways struct {
	// namespaces says in which namespaces they may be.
	//
	// +required
	Namespaces NamespaceSelection `json:"namespaces,omitzero"`
}

// MeshTrust says what members' identities hang on.
//
// +kubebuilder:validation:MinProperties=1
type MeshTrust struct {
	// domain is the trust domain, the first part of every identity. Absent
	// means the provider's usual one. Immutable.
	//
	// +optional
	Domain PreciseHostname `json:"domain,omitempty"`

	// rootSecretRef names a Secret with the root certificate and its key,
	// in controlPlaneNamespace. Absent means that a root is generated, kept,
	// and rotated before it expires.
	//
	// +optional
	RootSecretRef *LocalObjectReference `json:"rootSecretRef,omitempty"`
}

// Observability says where a mesh's measurements are.
type Observability struct {
	// prometheus is the Prometheus that scrapes the mesh's proxies.
	//
	// +required
	Prometheus PrometheusSource `json:"prometheus,omitzero"`
}

// PrometheusSource is the address of a Prometheus.
type PrometheusSource struct {
	// url is its address, http:// or https://.
	//
	// +required
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:Pattern=`^https?://[^\s]+$`
	URL string `json:"url,omitempty"`
}

// MeshStatus is what was observed of a mesh.
type MeshStatus struct {
	InstalledStatus `json:",inline"`
}
