// Package translators is the seam between what users mean (package ir) and
// what one mesh or ingress understands. All knowledge of a mesh or an ingress
// lives in the folder of its Provider below this one.
//
// A Provider is a struct of optional parts: nil means "not offered". There is
// one list of providers, in package all, and no registration. Everything here
// is pure: no cluster, no clock, no log.
package translators

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
)

// Provider is one mesh, one ingress, or a product that is both.
type Provider struct {
	// Name is the value of spec.provider in Mesh and IngressController.
	Name string
	// Variants are the columns of the capability matrix that the provider
	// fills, as "<provider>-sidecar" or "<provider>-gateway".
	Variants []Variant
	// Kinds are all kinds that the provider may emit, in the order in which
	// they are applied: what routes need first, routes after it. Removal goes
	// the other way. Drift watches, the scope of pruning, RBAC and docs are
	// derived from it.
	Kinds []schema.GroupVersionKind
	// Parts are the kinds of objects of others to which the provider contributes
	// fields, as Service; Namespace is understood.
	Parts []schema.GroupVersionKind
	// Foreign are kinds that are never emitted, and watched for Rivals: others'
	// objects of them speak for what the provider's do.
	Foreign []schema.GroupVersionKind
	// Needs says what units of the mesh hold beside what users said.
	Needs Requirements
	// Facts are the facts of Env that translations to the mesh depend on, sorted
	// by name.
	Facts []Fact
	// Supports answers for every ir.Feature that can occur in the variant. The
	// answer is not to be changed: it may be the same for all who ask.
	Supports func(Env) map[ir.Feature]Support
	// Mesh is nil for a pure ingress.
	Mesh *MeshTranslator
	// Ingress is nil for a pure mesh.
	Ingress *IngressTranslator
	// Usual is where the provider's parts are, where objects do not say.
	Usual Location
	// Joins are the ways an ingress can take part in the mesh, best first.
	Joins []Way
	// Joinable is what the ingress can carry, dial, send and speak.
	Joinable *JoinAbilities
	// Proxied says whether a workload carries the mesh's proxy.
	Proxied func(ir.Workload) bool
	// Member says whether a mesh that somebody else set up takes the namespace
	// with these labels and annotations for a member; of the annotations it
	// sees those that marks of Joins name, and Needs. A nil function says no.
	Member func(labels, annotations map[string]string) bool
	// MemberMarks are the labels and annotations that make a namespace a
	// member; Facts of Env may change their values.
	MemberMarks func(Env) []Mark
	// Rivals lists the native objects, among those of Kinds and Foreign, that speak for
	// the same host or target as what a unit would write, by an index key that
	// is equal for rivals. Objects for which it is empty have none. It is
	// asked about objects as unstructured.Unstructured, ours and foreign ones.
	Rivals func(client.Object) []string
	// Expand returns want with what routes may still need of live, an earlier
	// form of the same object, until they have moved over; nil where they need
	// nothing of it. A nil function never expands.
	Expand func(live, want *unstructured.Unstructured) *unstructured.Unstructured
	// Verdict reads off the status of a live object of Kinds what the mesh or
	// ingress made of it. A nil function is for those that say nothing.
	Verdict func(live *unstructured.Unstructured) Verdict
	// Observe reads off what runs in the namespace of a control plane (mesh) or
	// of an ingress controller; nil where the provider does not run there. A
	// nil function observes nothing.
	Observe func(mesh bool, running []Running) *Observation
	// Charts says what to install; nil where the provider cannot be installed.
	Charts *install.Planner
}

// Requirements are parts of units that cost something to know, so that only the units
// of providers that need them have them.
type Requirements struct {
	// Services is for NamespaceUnit.Services and Targeted.
	Services bool
	// Callers is for the Callers of all units.
	Callers bool
	// Namesakes is for the Namesakes of Services.
	Namesakes bool
	// Reach is for Others and Fronts of AccessUnits, and Routed of their targets.
	Reach bool
	// Serving is for the Serving of ServiceUnits.
	Serving bool
	// RateLimit is for RateLimit of the targets of AccessUnits, for providers that
	// limit requests where they decide access, with what else they need for it.
	RateLimit bool
	// Annotations are keys of annotations of Services and pods to be kept,
	// besides those of Joins; "example.com/x-*" is every key that begins so.
	Annotations []string
}

// VerdictState says what a mesh or an ingress made of a native object.
type VerdictState string

// The verdicts.
const (
	// VerdictNone: it does not say, or not of the present generation yet.
	VerdictNone VerdictState = ""
	// VerdictAccepted: it has taken the object as it is.
	VerdictAccepted VerdictState = "Accepted"
	// VerdictRefused: it has refused the object, or a part of it.
	VerdictRefused VerdictState = "Refused"
)

// Verdict is what a mesh or an ingress says of a native object in its status.
type Verdict struct {
	State VerdictState
	// Reason and Message are its own words, where it refuses.
	Reason, Message string
}

// FactRevision is the fact of a mesh with several control planes that names the
// one that new members belong to. What a Namespace or the installer says of it
// comes before what was observed.
const FactRevision = "revision"

// Running is a Deployment or DaemonSet, as seen in a cluster.
type Running struct {
	Name      string
	Labels    map[string]string
	PodLabels map[string]string
	// Images are those of its containers, in their order.
	Images []string
	// Ready is true while at least one pod of it is.
	Ready bool
}

// Observation is what was seen of a mesh or an ingress that runs.
type Observation struct {
	Env Env
	// Ready is true while it can do its work.
	Ready bool
	// Revisions are the control planes that run, sorted by name.
	Revisions []Revision
}

// Revision is one control plane of a mesh.
type Revision struct{ Name, Version string }

// Location is where the parts of a provider are. Empty fields are not known, or
// there is no such part.
type Location struct {
	// ControlPlaneNamespace of a mesh.
	ControlPlaneNamespace string
	// ControllerNamespace and GatewayClass of an ingress.
	ControllerNamespace, GatewayClass string
}

// Variant is a column of the capability matrix.
type Variant struct {
	Name string
	// Mesh is true for a mesh's data plane, false for an ingress.
	Mesh bool
	// DataPlane is the value of a Mesh's spec.dataPlane that chooses the
	// variant; empty where the mesh has only one.
	DataPlane string
	// Checked says for users what the column's cells were checked against: which
	// schemas, which engine of which version, and what was never run.
	Checked string
}

// MeshTranslator says units in a mesh's words. A nil function is "not
// offered": units of the kind are answered Unsupported.
type MeshTranslator struct {
	Service   func(Env, *ir.ServiceUnit) Result
	Access    func(Env, *ir.AccessUnit) Result
	Namespace func(Env, *ir.NamespaceUnit) Result
	Mesh      func(Env, *ir.MeshUnit) Result
	External  func(Env, *ir.ExternalUnit) Result
}

// IngressTranslator says gateways and routes in an ingress's words.
type IngressTranslator struct {
	Gateway func(Env, *ir.GatewayUnit, Pairing) Result
	// Route gets the unit after Inline: what a backend's pairing says that the
	// route must carry is in its Routes.
	Route func(Env, *ir.RouteUnit, Pairings) Result
}

// Env is what a translation depends on besides the unit: observed into the
// status of Mesh and IngressController, or given by flags offline.
type Env struct {
	// Variant is the column of the capability matrix.
	Variant string `json:"variant"`
	// Version of the mesh or ingress; empty where unknown: then the newest
	// supported one is assumed.
	Version string `json:"version,omitempty"`
	// Edition where the product has several.
	Edition    string     `json:"edition,omitempty"`
	GatewayAPI GatewayAPI `json:"gatewayAPI,omitzero"`
	// Facts are further observations, by names that the provider documents in
	// its own Facts.
	Facts map[string]string `json:"facts,omitempty"`
}

// Fact is something about an installation that a provider goes by where it is
// known.
type Fact struct {
	Name string
	// Doc says for users what the value is, and what it changes.
	Doc string
}

// GatewayAPI describes the Gateway API bundle of the cluster.
type GatewayAPI struct {
	Version string   `json:"version,omitempty"`
	Channel string   `json:"channel,omitempty"`
	Served  []string `json:"served,omitempty"`
}

// Level is how well a feature is supported.
type Level string

// The levels.
const (
	Native Level = "Native"
	// Emulated features have the meaning of the API but for what Note says.
	Emulated Level = "Emulated"
	// Unsupported features are refused; Note says why.
	Unsupported Level = "Unsupported"
)

// Support is one cell of the capability matrix.
type Support struct {
	Level Level  `json:"level"`
	Note  string `json:"note,omitempty"`
}

// Result is what a unit becomes. Users' mistakes are Issues, never errors.
type Result struct {
	Objects       []Object
	Contributions []Contribution
	Issues        []ir.Issue
}

// Object is a native object that its unit alone owns.
type Object struct {
	client.Object
	// Sources are the objects of the unified API that it came from.
	Sources []ir.Source
	// After must exist before it is created and must not be removed before it
	// is deleted, also where another unit owns them.
	After []ObjectRef
}

// ObjectRef names a native object.
type ObjectRef struct {
	schema.GroupVersionKind
	Namespace, Name string
}

// Contribution is a unit's part in an object of somebody else, or in a native
// object that several units need parts of. The shared object's only writer
// merges all contributions to it.
type Contribution struct {
	Object ObjectRef
	// Create says that the object is ours and is made where it is missing and
	// removed with the last contribution; false only ever writes fields of an
	// object of somebody else, by server-side apply without force.
	Create bool
	// Path and Value are the field: Path as in {"metadata","labels","x"}. In an
	// object that Create makes, an element as "[name=x]" is the item of the list
	// before it that has this key, which is made where it is missing; items are
	// sorted by their keys.
	Path   []string
	Value  any
	Source ir.Source
}
