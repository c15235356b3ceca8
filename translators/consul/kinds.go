package consul

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// groupVersion is that of all kinds of Consul on Kubernetes.
var groupVersion = schema.GroupVersion{Group: "consul.hashicorp.com", Version: "v1alpha1"}

// The kinds that traffic is said in.
var (
	serviceDefaultsKind = groupVersion.WithKind("ServiceDefaults")
	serviceResolverKind = groupVersion.WithKind("ServiceResolver")
	serviceSplitterKind = groupVersion.WithKind("ServiceSplitter")
	serviceRouterKind   = groupVersion.WithKind("ServiceRouter")
)

// entry is a Kubernetes object that Consul on Kubernetes syncs into one config
// entry. The specs are our own: the module that has Consul's drags in a cluster
// client, and needs no more than these fields. The tests check them against the
// real definitions.
type entry[S any] struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              S `json:"spec"`
}

// newEntry returns an entry of the kind.
func newEntry[S any](kind schema.GroupVersionKind, namespace, name string, spec S) *entry[S] {
	apiVersion, k := kind.ToAPIVersionAndKind()
	return &entry[S]{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: k},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       spec,
	}
}

// DeepCopyObject implements runtime.Object. Specs are plain data with JSON tags,
// so that their JSON form has all of them.
func (e *entry[S]) DeepCopyObject() runtime.Object {
	out := &entry[S]{TypeMeta: e.TypeMeta}
	e.DeepCopyInto(&out.ObjectMeta)
	if data, err := json.Marshal(e.Spec); err != nil || json.Unmarshal(data, &out.Spec) != nil {
		out.Spec = e.Spec
	}
	return out
}

// object wraps an entry with where it came from and what must exist before it.
func object[S any](e *entry[S], sources []ir.Source, after ...translators.ObjectRef) translators.Object {
	return translators.Object{Object: e, Sources: ir.Origins(sources...), After: after}
}

// refTo names an entry.
func refTo(kind schema.GroupVersionKind, namespace, name string) translators.ObjectRef {
	return translators.ObjectRef{GroupVersionKind: kind, Namespace: namespace, Name: name}
}
