package reconciler

import (
	"slices"
	"strings"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Definitions knows which kinds the API server serves, from its CRDs. Kinds
// that are built in are always served. It is safe for concurrent use.
type Definitions struct {
	mu     sync.RWMutex
	served map[schema.GroupVersionKind]schema.GroupVersionResource
	crds   map[string][]schema.GroupVersionKind
	whole  map[string]bool
	// bundle and channel are those that a CRD of Gateway API says it is of, by
	// its name.
	bundle, channel map[string]string
}

// The marks of Gateway API on its CRDs.
const (
	groupGatewayAPI   = "gateway.networking.k8s.io"
	annotationBundle  = groupGatewayAPI + "/bundle-version"
	annotationChannel = groupGatewayAPI + "/channel"
)

// NewDefinitions returns definitions without any CRD.
func NewDefinitions() *Definitions {
	return &Definitions{
		served: map[schema.GroupVersionKind]schema.GroupVersionResource{},
		crds:   map[string][]schema.GroupVersionKind{}, whole: map[string]bool{},
		bundle: map[string]string{}, channel: map[string]string{},
	}
}

// Put takes note of a CRD.
func (d *Definitions) Put(crd *apiextensionsv1.CustomResourceDefinition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(crd.Name)
	established := slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
	if !established || crd.DeletionTimestamp != nil {
		return
	}
	d.whole[crd.Name] = true
	if crd.Spec.Group == groupGatewayAPI {
		d.bundle[crd.Name], d.channel[crd.Name] = strings.TrimPrefix(crd.Annotations[annotationBundle], "v"), crd.Annotations[annotationChannel]
	}
	for _, version := range crd.Spec.Versions {
		if !version.Served {
			continue
		}
		group := schema.GroupVersion{Group: crd.Spec.Group, Version: version.Name}
		kind := group.WithKind(crd.Spec.Names.Kind)
		d.served[kind] = group.WithResource(crd.Spec.Names.Plural)
		d.crds[crd.Name] = append(d.crds[crd.Name], kind)
	}
}

// Remove takes note that a CRD is gone.
func (d *Definitions) Remove(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(name)
}

func (d *Definitions) remove(name string) {
	for _, kind := range d.crds[name] {
		delete(d.served, kind)
	}
	delete(d.crds, name)
	delete(d.whole, name)
	delete(d.bundle, name)
	delete(d.channel, name)
}

// GatewayAPI returns what the cluster has of Gateway API: the bundle and the
// channel that the CRD of HTTPRoutes is of, and all that is served. It is nil
// where there is none.
func (d *Definitions) GatewayAPI() *v1alpha1.ObservedGatewayAPI {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.bundle) == 0 {
		return nil
	}
	const routes = "httproutes." + groupGatewayAPI
	api := &v1alpha1.ObservedGatewayAPI{Version: d.bundle[routes], Channel: d.channel[routes]}
	for name := range d.bundle {
		for _, kind := range d.crds[name] {
			api.Served = append(api.Served, kind.Kind+"/"+kind.Version)
		}
	}
	slices.Sort(api.Served)
	return api
}

// Served says whether the API server serves a kind.
func (d *Definitions) Served(kind schema.GroupVersionKind) bool {
	if scheme.Scheme.Recognizes(kind) {
		return true
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, ok := d.served[kind]
	return ok
}

// Resource returns the resource of a kind that a CRD defines.
func (d *Definitions) Resource(kind schema.GroupVersionKind) (schema.GroupVersionResource, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	resource, ok := d.served[kind]
	return resource, ok
}

// Whole says whether all CRDs of the names are there and none is going away.
func (d *Definitions) Whole(names []string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return !slices.ContainsFunc(names, func(name string) bool { return !d.whole[name] })
}

// TrimDefinition takes from a CRD all that Definitions does not read: schemas
// are most of its size.
func TrimDefinition(obj any) (any, error) {
	crd, ok := obj.(*apiextensionsv1.CustomResourceDefinition)
	if !ok {
		return obj, nil
	}
	trimmed := &apiextensionsv1.CustomResourceDefinition{
		TypeMeta: crd.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name: crd.Name, UID: crd.UID, ResourceVersion: crd.ResourceVersion, DeletionTimestamp: crd.DeletionTimestamp,
			Annotations: bundleMarks(crd.Annotations),
		},
	}
	trimmed.Spec.Group, trimmed.Spec.Names = crd.Spec.Group, crd.Spec.Names
	trimmed.Status.Conditions = crd.Status.Conditions
	for _, version := range crd.Spec.Versions {
		trimmed.Spec.Versions = append(trimmed.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{
			Name: version.Name, Served: version.Served,
		})
	}
	return trimmed, nil
}

// bundleMarks are the annotations by which a CRD says of which bundle of Gateway
// API it is.
func bundleMarks(all map[string]string) map[string]string {
	marks := map[string]string{}
	for _, key := range []string{annotationBundle, annotationChannel} {
		if value, ok := all[key]; ok {
			marks[key] = value
		}
	}
	return marks
}
