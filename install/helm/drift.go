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
	found := map[objectKey]*unstructured.Unstructured{}
	for key, object := range objects {
		mark(object, name, namespace)
		have, want, err := e.reapply(ctx, mapper, key, object)
		if err != nil {
			return nil, fmt.Errorf("compare %s %s/%s: %w", key.kind, key.namespace, key.name, err)
		}
		objects[key] = want
		if have != nil {
			found[key] = have
		}
	}
	return drifted(changes(found, objects)), nil
}

// reapply returns an object as it is, nil where it is not there, and as it
// would be if it were applied again.
func (e *Engine) reapply(ctx context.Context, mapper meta.RESTMapper, key objectKey, o *unstructured.Unstructured) (have, want *unstructured.Unstructured, err error) {
	clients, err := e.cluster()
	if err != nil {
		return nil, nil, err
	}
	client, err := clientFor(mapper, clients.dynamic, o, key.namespace)
	if meta.IsNoMatchError(err) {
		return nil, o, nil
	}
	if err != nil {
		return nil, nil, err
	}
	have, err = client.Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, o, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if want, err = dryApply(ctx, client, o); err != nil {
		return nil, nil, err
	}
	return bare(have), bare(want), nil
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

// dryApply returns what the API server would make of an object.
func dryApply(ctx context.Context, client dynamic.ResourceInterface, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(o.Object)
	if err != nil {
		return nil, err
	}
	force := true
	return client.Patch(ctx, o.GetName(), types.ApplyPatchType, data, metav1.PatchOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: fieldManager, Force: &force,
	})
}

// bare leaves out what differs without anybody having changed anything.
func bare(o *unstructured.Unstructured) *unstructured.Unstructured {
	o.SetManagedFields(nil)
	o.SetResourceVersion("")
	o.SetGeneration(0)
	unstructured.RemoveNestedField(o.Object, "status")
	return o
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
