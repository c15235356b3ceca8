package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The bare client's objects live in a namespace that is in no mesh, so that the
// operator has nothing to do with them.
const (
	bareSpace   = "bare"
	bareObjects = 20
)

// bare is a client that knows beforehand what an edit becomes and writes just
// that, by server-side apply: what the operator is measured against.
type bare struct {
	native  dynamic.Interface
	objects [bareObjects][]bareObject
	edits   int
}

// bareObject is a native object that the bare client writes.
type bareObject struct {
	resource schema.GroupVersionResource
	content  *unstructured.Unstructured
}

// newBare returns a client that writes copies of the native objects that one
// edit made the operator write, given as the paths of its requests.
func newBare(ctx context.Context, c *cluster, paths []string) (*bare, error) {
	native, err := dynamic.NewForConfig(c.config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	b := &bare{native: native}
	for _, path := range paths {
		if isStatus(path) {
			continue
		}
		resource, key, err := parsePath(path)
		if err != nil {
			return nil, err
		}
		obj, err := native.Resource(resource).Namespace(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("get %s: %w", path, err)
		}
		for i := range bareObjects {
			b.objects[i] = append(b.objects[i], bareObject{resource: resource, content: disguise(obj, i)})
		}
	}
	if len(b.objects[0]) == 0 {
		return nil, errors.New("learn what an edit writes: the operator wrote no native object")
	}
	return b, nil
}

// parsePath reads the path of a request for an object of a namespace.
func parsePath(path string) (schema.GroupVersionResource, client.ObjectKey, error) {
	parts := strings.Split(strings.TrimPrefix(path, "/apis/"), "/")
	if len(parts) != 6 || parts[2] != "namespaces" {
		return schema.GroupVersionResource{}, client.ObjectKey{}, fmt.Errorf("read path %s: not that of an object of a namespace", path)
	}
	resource := schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[4]}
	return resource, client.ObjectKey{Namespace: parts[3], Name: parts[5]}, nil
}

// disguise returns a copy of the operator's object under another name, for
// another host and with marks that mean nothing, but as large.
func disguise(obj *unstructured.Unstructured, i int) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: map[string]any{}}
	out.SetGroupVersionKind(obj.GroupVersionKind())
	out.SetNamespace(bareSpace)
	out.SetName(nameOf(i))
	out.SetLabels(foreign(obj.GetLabels()))
	out.SetAnnotations(foreign(obj.GetAnnotations()))
	out.Object["spec"] = obj.DeepCopy().Object["spec"]
	host := nameOf(i) + "." + bareSpace + ".svc.cluster.local"
	for _, field := range []string{"host", "hosts"} {
		switch old, _, _ := unstructured.NestedFieldNoCopy(out.Object, "spec", field); old.(type) {
		case string:
			_ = unstructured.SetNestedField(out.Object, host, "spec", field)
		case []any:
			_ = unstructured.SetNestedStringSlice(out.Object, []string{host}, "spec", field)
		}
	}
	return out
}

func foreign(marks map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range marks {
		out["bench.example/"+strings.ReplaceAll(key, "/", ".")] = value
	}
	return out
}

// write writes the native objects of a share, one after the other.
func (b *bare) write(ctx context.Context, i int, share int32) error {
	b.edits++
	for _, o := range b.objects[i] {
		obj := o.content.DeepCopy()
		// The operator's objects say which generation they were made from.
		annotations := obj.GetAnnotations()
		annotations["bench.example/edit"] = strconv.Itoa(b.edits)
		obj.SetAnnotations(annotations)
		if obj.GroupVersionKind() == routing {
			if err := setShare(obj, share); err != nil {
				return err
			}
		}
		resource := b.native.Resource(o.resource).Namespace(bareSpace)
		if _, err := resource.Apply(ctx, obj.GetName(), obj, metav1.ApplyOptions{FieldManager: "bare", Force: true}); err != nil {
			return fmt.Errorf("apply %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	return nil
}
