package status

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/translators/ir"
)

// Writer writes the status of our kinds, by server-side apply and only where
// it differs from what is there. It is safe for concurrent use, for different
// objects at the same time.
type Writer struct {
	Client dynamic.Interface
	// Resources has the resource of every kind of ours.
	Resources map[string]schema.GroupVersionResource
	// Wrote is called after every write, and may be nil.
	Wrote func(kind string)

	mu sync.Mutex
	// written are answers to our writes that watches have not told of yet.
	written map[ir.Ref]client.Object
}

// Latest returns the object with the newest status that is known: a watch may
// not have told yet of what we wrote.
func (w *Writer) Latest(ref ir.Ref, seen client.Object) client.Object {
	w.mu.Lock()
	defer w.mu.Unlock()
	written := w.written[ref]
	if written == nil {
		return seen
	}
	order, err := resourceversion.CompareResourceVersion(seen.GetResourceVersion(), written.GetResourceVersion())
	if err != nil || order >= 0 || seen.GetUID() != written.GetUID() {
		delete(w.written, ref)
		return seen
	}
	return written
}

// Forget drops what is known of an object that is gone.
func (w *Writer) Forget(ref ir.Ref) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.written, ref)
}

// Write makes the status of the object that of next, which is a copy of it with
// another status, but for the installer's part. An object that is gone is no
// error.
func (w *Writer) Write(ctx context.Context, ref ir.Ref, object, next client.Object) error {
	before, err := statusOf(object)
	if err != nil {
		return err
	}
	after, err := statusOf(next)
	if err != nil {
		return err
	}
	if reflect.DeepEqual(before, after) {
		return nil
	}
	body := &unstructured.Unstructured{Object: map[string]any{"status": after}}
	body.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(ref.Kind))
	body.SetNamespace(ref.Namespace)
	body.SetName(ref.Name)
	body.SetUID(object.GetUID())
	var resource dynamic.ResourceInterface = w.Client.Resource(w.Resources[ref.Kind])
	if ref.Namespace != "" {
		resource = w.Client.Resource(w.Resources[ref.Kind]).Namespace(ref.Namespace)
	}
	answer, err := resource.ApplyStatus(ctx, ref.Name, body, metav1.ApplyOptions{FieldManager: apply.FieldManager, Force: true})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("apply status of %s: %w", ref, err)
	}
	if w.Wrote != nil {
		w.Wrote(ref.Kind)
	}
	return w.remember(ref, object, answer)
}

// remember keeps the answer as an object of the type that watches deliver.
func (w *Writer) remember(ref ir.Ref, like client.Object, answer *unstructured.Unstructured) error {
	raw, err := answer.MarshalJSON()
	if err != nil {
		return fmt.Errorf("encode %s: %w", ref, err)
	}
	object, ok := reflect.New(reflect.TypeOf(like).Elem()).Interface().(client.Object)
	if !ok {
		return fmt.Errorf("decode %s: %T is no object", ref, like)
	}
	if err := json.Unmarshal(raw, object); err != nil {
		return fmt.Errorf("decode %s: %w", ref, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.written == nil {
		w.written = map[ir.Ref]client.Object{}
	}
	w.written[ref] = object
	return nil
}

// statusOf returns the status of an object, as far as it is written here.
func statusOf(object client.Object) (map[string]any, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", object.GetNamespace(), object.GetName(), err)
	}
	var content struct {
		Status json.RawMessage `json:"status"`
	}
	if err := json.Unmarshal(raw, &content); err != nil {
		return nil, fmt.Errorf("decode %s %s: %w", object.GetNamespace(), object.GetName(), err)
	}
	status := map[string]any{}
	if len(content.Status) > 0 {
		err = utiljson.Unmarshal(content.Status, &status)
	}
	delete(status, installField)
	return status, err
}
