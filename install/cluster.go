package install

import "time"

// Cluster is what was seen of a cluster, as far as installing depends on it.
type Cluster struct {
	// Kubernetes is the version of the API server, as "1.37.2".
	Kubernetes string
	// GatewayAPI is the version of the bundle of Gateway API; empty where there
	// is none.
	GatewayAPI string
	Releases   []Release
	Workloads  []Workload
	Webhooks   []Webhook
	// Definitions are the names of CRDs.
	Definitions []string
	// Owners are the Helm releases, as "namespace/name", that CRDs say they
	// belong to, by the name of the CRD.
	Owners map[string]string
}

// Release is a Helm release as Helm's storage has it.
type Release struct {
	Namespace, Name string
	Chart           string // name of the chart
	ChartVersion    string
	AppVersion      string
	// Revision is Helm's number of it.
	Revision int
	Status   ReleaseStatus
	Labels   map[string]string
	// Ours says that Meshloom wrote this revision of it. A revision that a
	// person made over one of ours is not.
	Ours bool
	// Owner is the object of the unified API that the release belongs to, as
	// "Mesh/shop"; empty where it was never ours.
	Owner string
	// Digest is that of the chart and values that we wrote.
	Digest string
	// Description is what Helm's history says about it.
	Description string
	Updated     time.Time
	// History are the revisions before this one that Helm still has, newest
	// first.
	History []PastRevision
}

// PastRevision is an older revision of a Helm release.
type PastRevision struct {
	// Revision is Helm's number of it.
	Revision int
	// Deployed says that it ran once, as far as Helm knows.
	Deployed bool
	// Digest is that of the chart and values that we wrote; empty where we did
	// not.
	Digest string
	// AppVersion is that of its chart, where we wrote it: what ran.
	AppVersion string
}

// ReleaseStatus is Helm's word for the state of a release.
type ReleaseStatus string

// The states that matter here.
const (
	Deployed ReleaseStatus = "deployed"
	Failed   ReleaseStatus = "failed"
	// Pending releases are being written, or their writer died.
	Pending      ReleaseStatus = "pending"
	Uninstalling ReleaseStatus = "uninstalling"
)

// Workload is a Deployment, StatefulSet or DaemonSet.
type Workload struct {
	Kind, Namespace, Name string
	Labels, PodLabels     map[string]string
	Images                []string
	Replicas, Ready       int32
	// RolledOut says that all replicas are of the newest template and ready.
	RolledOut bool
}

// Webhook is one configuration of admission webhooks.
type Webhook struct {
	Kind, Name string
	Labels     map[string]string
	// Services are those it calls, as "namespace/name".
	Services []string
	// Missing are those of Services that do not exist.
	Missing []string
	// Trusted says that all of its webhooks have a CA.
	Trusted bool
}

// Installation is a control plane that runs, whoever installed it.
type Installation struct {
	Namespace string
	// Revision and Version as its provider names them.
	Revision, Version string
	// Releases are those of Helm that it was installed by; empty where it was
	// installed otherwise.
	Releases []string
	// Evidence is what it was recognised by, for people.
	Evidence string
}
