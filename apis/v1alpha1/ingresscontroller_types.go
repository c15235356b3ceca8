package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// IngressController says which ingress a cluster has, which version of it,
// and the GatewayClass it answers to. A cluster may have several.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,path=ingresscontrollers,shortName=mlic,categories=meshloom
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.version`
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.spec.gatewayClassName`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type IngressController struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the object's metadata.
	//
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what the user asks for.
	//
	// +required
	Spec IngressControllerSpec `json:"spec,omitzero"`

	// status is what was observed.
	//
	// +optional
	Status IngressControllerStatus `json:"status,omitzero"`
}

// IngressControllerList is a list of IngressControllers.
//
// +kubebuilder:object:root=true
type IngressControllerList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the list's metadata.
	//
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the list's objects.
	//
	// +required
	Items []IngressController `json:"items"`
}

// IngressProvider is the make of an ingress.
//
// +kubebuilder:validation:Enum=Istio;NGINX;EnvoyGateway;Kgateway;Traefik;Consul;GatewayAPI;IngressNGINX
type IngressProvider string

const (
	// IngressProviderIstio is Istio's gateway.
	IngressProviderIstio IngressProvider = "Istio"
	// IngressProviderNGINX is NGINX Gateway Fabric.
	IngressProviderNGINX IngressProvider = "NGINX"
	// IngressProviderEnvoyGateway is Envoy Gateway.
	IngressProviderEnvoyGateway IngressProvider = "EnvoyGateway"
	// IngressProviderKgateway is kgateway.
	IngressProviderKgateway IngressProvider = "Kgateway"
	// IngressProviderTraefik is Traefik.
	IngressProviderTraefik IngressProvider = "Traefik"
	// IngressProviderConsul is Consul's API gateway.
	IngressProviderConsul IngressProvider = "Consul"
	// IngressProviderGatewayAPI is any other implementation of Gateway API.
	IngressProviderGatewayAPI IngressProvider = "GatewayAPI"
	// IngressProviderIngressNGINX is the retired ingress-nginx.
	IngressProviderIngressNGINX IngressProvider = "IngressNGINX"
)

// IngressControllerSpec says what an ingress controller shall be.
//
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.version)",message="an Adopted controller is not installed by Meshloom: remove version, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.helm)",message="an Adopted controller is not installed by Meshloom: remove helm, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Adopted' || !has(self.upgrade)",message="an Adopted controller is not upgraded by Meshloom: remove upgrade, or let `meshctl adopt` make it Managed"
// +kubebuilder:validation:XValidation:rule="self.provider != 'IngressNGINX' || self.mode == 'Adopted'",message="IngressNGINX is retired and not installed any more: set mode to Adopted"
// +kubebuilder:validation:XValidation:rule="self.provider != 'GatewayAPI' || self.mode == 'Adopted'",message="GatewayAPI stands for an implementation that Meshloom cannot install: set mode to Adopted"
// +kubebuilder:validation:XValidation:rule="self.provider != 'GatewayAPI' || has(self.gatewayClassName)",message="GatewayAPI needs gatewayClassName: name the GatewayClass of the implementation"
// +kubebuilder:validation:XValidation:rule="has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)",message="namespace is immutable: create another IngressController and move its gateways"
type IngressControllerSpec struct {
	// provider is the make of the ingress: Istio, NGINX, EnvoyGateway,
	// Kgateway, Traefik, Consul, GatewayAPI (any other class; Adopted only)
	// or IngressNGINX (Adopted only). Immutable.
	//
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="provider is immutable: create another IngressController and move its gateways"
	Provider IngressProvider `json:"provider,omitempty"`

	// mode is Managed (Meshloom installs, upgrades and removes the
	// controller) or Adopted (it is there already). Adopted becomes Managed
	// only through `meshctl adopt`.
	//
	// +required
	Mode Mode `json:"mode,omitempty"`

	// version is a minor or an exact version, resolved by the catalog.
	// Absent means the catalog's default. Not on Adopted.
	//
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[0-9]+\.[0-9]+(\.[0-9]+)?(-[0-9A-Za-z.-]+)?$`
	Version string `json:"version,omitempty"`

	// namespace is where the controller runs. Absent means the provider's
	// usual one. Immutable.
	//
	// +optional
	Namespace Namespace `json:"namespace,omitempty"`

	// gatewayClassName is the GatewayClass (or IngressClass) that the
	// controller answers to. Absent means the provider's usual one;
	// GatewayAPI has none.
	//
	// +optional
	GatewayClassName ObjectName `json:"gatewayClassName,omitempty"`

	// allowedNamespaces says where IngressGateways of this controller may
	// live. Absent means everywhere, as for a GatewayClass.
	//
	// +optional
	AllowedNamespaces *NamespaceSelection `json:"allowedNamespaces,omitempty"`

	// upgrade says how a version change goes on. Not on Adopted.
	//
	// +optional
	Upgrade *Upgrade `json:"upgrade,omitempty"`

	// helm changes what is installed. Not on Adopted.
	//
	// +optional
	Helm *Helm `json:"helm,omitempty"`
}

// IngressControllerStatus is what was observed of an ingress controller.
type IngressControllerStatus struct {
	InstalledStatus `json:",inline"`
}
