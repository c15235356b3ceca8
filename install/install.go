// Package install says how meshes and ingresses are installed, upgraded and
// removed: what a plan is, what is seen of a cluster, and which step is next.
// Everything here is pure; install/helm looks at clusters and acts on them.
//
// What is known of one product (its charts, their values, its versions) is in
// the folder of its provider, as a Planner.
package install

import (
	"io/fs"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Planner is what a provider knows about being installed. Nil functions mean
// "not offered".
type Planner struct {
	// Catalog lists the versions that can be installed.
	Catalog Catalog
	// Revisions says that two versions of a control plane can run side by side
	// in one cluster, which UpgradeCanary needs. Where they cannot, a control
	// plane has no name but that of its namespace.
	Revisions bool
	// Mesh plans one revision of a control plane.
	Mesh func(MeshRequest) Plan
	// Controller plans an ingress controller; a Plan without charts where it
	// has no workload of its own.
	Controller func(ControllerRequest) Plan
	// Gateway plans the workload of one IngressGateway; nil where the
	// controller makes it.
	Gateway func(GatewayRequest) Plan
	// ProxyOf reads off a pod which proxy it carries, and whether it does.
	ProxyOf func(Pod) (Proxy, bool)
	// Found recognises an installation by the releases, workloads and webhooks
	// of a cluster, whoever made it.
	Found func(Cluster) []Installation
	// Managers are the field managers of what a control plane makes by itself,
	// beside its charts, in its own namespace.
	Managers []string
	// Held are the native kinds whose objects only a control plane that runs
	// lets go of, because it puts finalizers on them: they go before it does.
	Held []schema.GroupVersionKind
	// Leftovers are objects that a control plane makes in namespaces all over
	// the cluster and leaves there when it goes.
	Leftovers []Leftover
	// Trust says how the provider takes its root of trust; nil where it keeps
	// it to itself.
	Trust *Trust
	// Charts is the root of the charts that come with this binary, as
	// Chart.Path names them; nil where none do.
	Charts fs.FS
}

// MeshRequest is what a plan of a control plane depends on.
type MeshRequest struct {
	// Mesh is the name of the Mesh object.
	Mesh      string
	Spec      v1alpha1.MeshSpec
	Namespace string
	// Version is an exact version of the catalog.
	Version string
	// Revision is the name of this control plane among those of the mesh.
	Revision string
	// Default says that the cluster's objects that name no revision are this
	// one's: true for one revision of one mesh of a provider.
	Default bool
	// Neighbours are the other meshes of the same provider, by name.
	Neighbours []string
	// Roots are what workloads shall trust now, as PEM, for charts that take it
	// with their values; empty until the control plane has its authority.
	Roots string
	// Cluster is what was seen.
	Cluster Cluster
}

// ControllerRequest is what a plan of an ingress controller depends on.
type ControllerRequest struct {
	Controller string
	Spec       v1alpha1.IngressControllerSpec
	Namespace  string
	Version    string
	Cluster    Cluster
}

// GatewayRequest is what a plan of one gateway's workload depends on.
type GatewayRequest struct {
	Gateway    v1alpha1.IngressGateway
	Controller v1alpha1.IngressController
	Version    string
	// Mesh that the gateway is paired with; nil for a plain ingress.
	Mesh *v1alpha1.Mesh
	// Revision of the control plane that the gateway is to belong to.
	Revision string
}

// Plan is what has to be there.
type Plan struct {
	// Charts in the order of their installation. Removal goes the other way.
	Charts []Chart
	// Issues are what the plan cannot do as asked. One whose Effect is
	// ir.EffectRejected stops it.
	Issues []ir.Issue
}

// Chart is one Helm release as it should be.
type Chart struct {
	Release   string         `json:"release"`
	Namespace string         `json:"namespace"`
	Name      string         `json:"name"`    // of the chart in its repository
	Version   string         `json:"version"` // of the chart
	Path      string         `json:"-"`       // below Planner.Charts; empty where the chart is not embedded
	Source    Source         `json:"source"`
	Values    map[string]any `json:"values,omitempty"`
	// Revision is the control plane that the release belongs to; empty where it
	// is Shared. The decision sets it, and the release keeps it as a label.
	Revision string `json:"revision,omitempty"`
	// Shared releases are the cluster's: several meshes need them, the newest
	// version wins, and they go with the last mesh.
	Shared bool `json:"shared,omitempty"`
	// Gates must hold before the next chart.
	Gates []Gate `json:"gates,omitempty"`
}

// SourceKind says what kind of place a chart comes from.
type SourceKind string

// The kinds of sources.
const (
	Embedded   SourceKind = "Embedded"   // in this binary
	Repository SourceKind = "Repository" // http://, https:// or oci://
	Path       SourceKind = "Path"       // a folder or a packed chart in the file system
	Bundle     SourceKind = "Bundle"     // an archive that `meshctl bundle` made
	Manifests  SourceKind = "Manifests"  // the URL of one file of manifests, of which a chart is made
)

// Source is where a chart comes from.
type Source struct {
	Kind SourceKind `json:"kind"`
	// Location is a URL or a path; empty for Embedded.
	Location string `json:"location,omitempty"`
	// SecretRef names a Secret with username and password, in the namespace of
	// the installer.
	SecretRef string `json:"secretRef,omitempty"`
}

// GateKind says what a gate looks at.
type GateKind string

// The kinds of gates.
const (
	// WorkloadReady holds when a Deployment or DaemonSet has rolled out.
	WorkloadReady GateKind = "WorkloadReady"
	// DefinitionServed holds when a CRD is Established.
	DefinitionServed GateKind = "DefinitionServed"
	// WebhookTrusted holds when every webhook of a configuration has a CA.
	WebhookTrusted GateKind = "WebhookTrusted"
)

// Gate is something that must be so before the installation goes on.
type Gate struct {
	Kind GateKind `json:"kind"`
	// Resource is the object's kind where GateKind leaves it open: Deployment,
	// DaemonSet, MutatingWebhookConfiguration, ...
	Resource  string `json:"resource"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// Leftover says what a control plane leaves behind.
type Leftover struct {
	Kind schema.GroupVersionKind
	// Names that such objects have.
	Names []string
	// Labels that all of them carry.
	Labels map[string]string
}
