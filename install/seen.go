package install

import (
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Wanted is what the user asks of a mesh.
type Wanted struct {
	// Name of the Mesh, and its generation.
	Name       string
	Generation int64
	Spec       v1alpha1.MeshSpec
	// Annotations of the Mesh: what somebody agreed to.
	Annotations map[string]string
	// Namespace is where the control plane runs.
	Namespace string
	// Deleting says that the Mesh is being deleted.
	Deleting bool
	// Neighbours are the other meshes of the same provider in this cluster.
	Neighbours []Neighbour
	// Limits are how long charts may take.
	Limits Limits
}

// Neighbour is another mesh of the same provider.
type Neighbour struct {
	Name, Namespace string
	Adopted         bool
	// Default says that it speaks for objects that name no revision.
	Default bool
}

// Seen is what was seen of a mesh: the input of every decision beside Wanted.
type Seen struct {
	Cluster Cluster
	// State is what the installer wrote into the Mesh's status last.
	State v1alpha1.InstallState
	// Members are the namespaces of the mesh, sorted by name.
	Members []Member
	// Gateways are the paired IngressGateways that Meshloom runs.
	Gateways []GatewaySeen
	// Strays are pods anywhere else that carry a proxy of the provider, of
	// whichever revision: in namespaces that left the mesh, for one.
	Strays []PodSeen
	// Trust is what is there of the root of trust.
	Trust TrustSeen
	// Home is the namespace of the control plane.
	Home NamespaceSeen
	// Held name the objects of Planner.Held that Meshloom wrote, as
	// "ServiceDefaults shop/web"; seen only once the Mesh is being deleted.
	Held []string
	// Leftovers name what the control plane left in namespaces, as
	// "ConfigMap shop/root"; seen only once all of its releases are gone.
	Leftovers []string
	Now       time.Time
}

// NamespaceSeen is what was seen of one namespace.
type NamespaceSeen struct {
	Exists, Terminating bool
	// Mesh that it is recorded as a member of; empty where of none.
	Mesh string
	// Ours says that Meshloom made it.
	Ours bool
	// Others name what is in it that is neither Meshloom's nor was made by what
	// Meshloom installed. It is looked at only once a mesh goes.
	Others []string
}

// Member is one namespace of a mesh.
type Member struct {
	Name string
	// Revision is the one recorded on it; empty where none is: then new pods
	// get the one that runs.
	Revision string
	// Marked says that the provider's own marks for that revision are on it, so
	// that new pods get a proxy of it.
	Marked bool
	// Workloads that have pods, sorted by kind and name.
	Workloads []MemberWorkload
}

// MemberWorkload is what owns pods in a member namespace.
type MemberWorkload struct {
	Kind, Namespace, Name string
	Replicas              int32
	// Surge and Unavailable are those of its rolling update, as pods.
	Surge, Unavailable int32
	// Recreate says that it removes pods before it makes new ones.
	Recreate bool
	// Readiness says that every container that serves has a readiness probe.
	Readiness bool
	// Drain is how long its pods go on serving after they were told to end; 0
	// where nothing says so.
	Drain time.Duration
	// Disruptions are how many of its pods its PodDisruptionBudgets let go now;
	// -1 where no budget selects them.
	Disruptions int32
	// Locked says that one of its PodDisruptionBudgets never lets a pod go, even
	// while all of them are ready.
	Locked bool
	// Restarted is when Meshloom last had its pods made anew; zero where never.
	Restarted time.Time
	// RolledOut says that all its pods are of the newest template and ready.
	RolledOut bool
	// Restartable is false for what nothing recreates, such as a bare pod.
	Restartable bool
	Pods        []PodSeen
}

// Pod is what is read of a pod to know its proxy.
type Pod struct {
	Labels, Annotations map[string]string
	// Containers, init containers included, in their order.
	Containers []Container
}

// Container is one container of a pod.
type Container struct{ Name, Image string }

// Proxy is the mesh's proxy in a pod.
type Proxy struct {
	// Revision is the control plane that it belongs to; empty where pods do not
	// say, because a cluster has one.
	Revision string
	Version  string
	// Roots is what the pod notes of the roots that its proxy was given when it
	// was made (Trust.Noted); empty where it notes none.
	Roots string
}

// of reports whether the proxy belongs to a control plane.
func (p *Proxy) of(revision string) bool { return p.Revision == "" || p.Revision == revision }

// PodSeen is one pod of a workload.
type PodSeen struct {
	Name    string
	Created time.Time
	Ready   bool
	// ReadySince is when it became ready last; zero where it is not, or where
	// nobody says.
	ReadySince time.Time
	// Leaving pods are being deleted: they are no reason for a restart, but use
	// their control plane until they are gone.
	Leaving bool
	// Proxy is nil where the pod has none.
	Proxy *Proxy
}

// GatewaySeen is the workload of an IngressGateway.
type GatewaySeen struct {
	Namespace, Name string
	// RolledOut says that all of its pods are of the newest template and ready.
	RolledOut bool
	Pods      []PodSeen
}

// TrustSeen is what is there of a mesh's root of trust.
type TrustSeen struct {
	// Given is the user's Secret; nil where none is named, or it is of no use.
	Given *Authority
	// GivenError says why the user's Secret cannot be used, and the remedy.
	GivenError string
	// Kept are the roots that Meshloom generated and keeps.
	Kept *KeptTrust
	// Issued is what the control plane has now.
	Issued *Authority
	// Noted is what pods note whose proxies were given the roots of Issued; empty
	// where nobody notes anything (Trust.Noted).
	Noted string
	// Due is what is next for the root of trust, and Stage where it stands.
	// install/trust decides both, as it needs a source of keys; Next says when
	// the turn of Due has come.
	Due   Step
	Stage *v1alpha1.TrustState
	// Foreign names the objects under our names that are somebody else's, and
	// the broken ones, each with the reason.
	Foreign []string
}
