package helm

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Drift returns what somebody else changed of what a release made, by asking
// the API server what applying it again would change. What control planes do to
// their own webhooks is no drift.
func (e *Engine) Drift(ctx context.Context, namespace, name string) ([]ObjectChange, error) {
	config, _, err := e.helm(namespace)
	if err != nil {
		return nil, err
	}
	rel, err := lastRevision(config, name)
	if err != nil {
		return nil, fmt.Errorf("read Helm release %s/%s: %w", namespace, name, err)
	}
	objects, err := byKey(rel.Manifest, namespace)
	if err != nil {
		return nil, err
	}
	mapper, err := config.RESTClientGetter.ToRESTMapper()
	if err != nil {
		return nil, fmt.Errorf("ask what the cluster serves: %w", err)
	}
	clients, err := e.cluster()
	if err != nil {
		return nil, err
	}
	found := map[objectKey]*unstructured.Unstructured{}
	again := map[objectKey]*unstructured.Unstructured{}
	for key, object := range objects {
		client, err := clientFor(mapper, clients.dynamic, object, key.namespace)
		if meta.IsNoMatchError(err) {
			again[key] = object
			continue
		}
		if err != nil {
			return nil, err
		}
		mark(object, name, namespace)
		have, want, err := reapply(ctx, client, object)
		if err != nil {
			return nil, fmt.Errorf("compare %s %s/%s: %w", key.kind, key.namespace, key.name, err)
		}
		again[key] = want
		if have != nil {
			found[key] = have
		}
	}
	return drifted(changes(found, again)), nil
}

// clientFor returns the client for an object's kind and namespace.
func clientFor(mapper meta.RESTMapper, client dynamic.Interface, o *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	kind := o.GroupVersionKind()
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return client.Resource(mapping.Resource), nil
	}
	return client.Resource(mapping.Resource).Namespace(namespace), nil
}

// mark sets what Helm sets on every object of a release.
func mark(o *unstructured.Unstructured, name, namespace string) {
	o.SetLabels(withLabels(o.GetLabels(), map[string]string{"app.kubernetes.io/managed-by": "Helm"}))
	o.SetAnnotations(withLabels(o.GetAnnotations(), map[string]string{
		"meta.helm.sh/release-name":      name,
		"meta.helm.sh/release-namespace": namespace,
	}))
}

// reapply returns an object as it is, nil where it is not there, and as it
// would be if it were applied again.
func reapply(ctx context.Context, client dynamic.ResourceInterface, o *unstructured.Unstructured) (have, want *unstructured.Unstructured, err error) {
	have, err = client.Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, o, nil
	}
	if err != nil {
		return nil, nil, err
	}
	data, err := json.Marshal(o.Object)
	if err != nil {
		return nil, nil, err
	}
	force := true
	want, err = client.Patch(ctx, o.GetName(), types.ApplyPatchType, data, metav1.PatchOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: fieldManager, Force: &force,
	})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range []*unstructured.Unstructured{have, want} {
		o.SetManagedFields(nil)
		o.SetResourceVersion("")
		o.SetGeneration(0)
		unstructured.RemoveNestedField(o.Object, "status")
	}
	return have, want, nil
}

// theirs are the fields of webhooks that control planes set themselves.
var theirs = regexp.MustCompile(`^webhooks\[\d+\]\.(clientConfig\.caBundle|failurePolicy)$`)

// drifted leaves out what is no drift.
func drifted(all []ObjectChange) []ObjectChange {
	var list []ObjectChange
	for _, c := range all {
		var fields []FieldChange
		for _, f := range c.Fields {
			if !theirs.MatchString(f.Field) {
				fields = append(fields, f)
			}
		}
		if c.Action == Change && len(fields) == 0 {
			continue
		}
		c.Fields = fields
		list = append(list, c)
	}
	return list
}
