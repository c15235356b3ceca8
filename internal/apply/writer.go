package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// neverVersion is the resource version that makes an apply create and nothing
// else: no object has it, so one that exists is a conflict, while the API
// server does not look at it where there is none.
const neverVersion = "1"

// Writer executes plans. It never changes an object that is not as the plan
// saw it.
type Writer struct {
	Client dynamic.Interface
	Mapper meta.RESTMapper
	Cache  *Cache
	// Catalog reads what foreign objects that come in the way speak for.
	Catalog Catalog
	// Wrote is called after every request that changed something, and may be nil.
	Wrote func(verb Verb, kind string)

	contests contests
}

// StepError is the failure of one step.
type StepError struct {
	Step Step
	Err  error
}

// Error says what was being done to which object.
func (e *StepError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Step.Verb, refString(e.Step.Ref), e.Err)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// Run executes the steps of a plan, in their order, until one fails. It
// returns how many objects were changed, the units that have to be planned
// again because of it, and a *StepError. The plan's own unit is among them only
// where somebody else changed an object meanwhile.
func (w *Writer) Run(ctx context.Context, plan Plan) (changed int, affected []ir.Key, err error) {
	for _, step := range plan.Steps {
		w.Cache.hold(step.Ref)
		keys, err := w.step(ctx, step)
		affected = append(affected, without(keys, plan.Key)...)
		affected = append(affected, w.Cache.release(step.Ref)...)
		if err != nil {
			return changed, affected, &StepError{Step: step, Err: err}
		}
		changed++
	}
	return changed, affected, nil
}

func (w *Writer) step(ctx context.Context, step Step) ([]ir.Key, error) {
	resource, err := w.resource(step.Ref)
	if err != nil {
		return nil, err
	}
	if step.Verb == Update {
		if err := w.contests.admit(step.Ref, digest(step.Content), time.Now()); err != nil {
			return nil, err
		}
	}
	var keys []ir.Key
	if step.Verb == Delete {
		keys, err = w.remove(ctx, resource, step)
	} else {
		keys, err = w.write(ctx, resource, step)
	}
	if apierrors.IsConflict(err) {
		more, refreshed := w.refresh(ctx, resource, step.Ref)
		if refreshed != nil {
			return keys, fmt.Errorf("%w (and look at it again: %w)", err, refreshed)
		}
		keys = append(keys, more...)
	}
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return keys, nil
	}
	return keys, err
}

// write creates or updates an object; of what others added, it takes away first.
func (w *Writer) write(ctx context.Context, resource dynamic.ResourceInterface, step Step) ([]ir.Key, error) {
	version := step.ResourceVersion
	if step.Verb == Create {
		version = neverVersion
	}
	var answer *unstructured.Unstructured
	if len(step.Remove) > 0 {
		var err error
		if answer, err = w.take(ctx, resource, step); err != nil {
			return nil, err
		}
		w.wrote(Update, step.Ref)
		version = answer.GetResourceVersion()
	}
	if step.Apply {
		obj := (&unstructured.Unstructured{Object: step.Content}).DeepCopy()
		obj.SetResourceVersion(version)
		obj.SetUID(step.UID)
		var err error
		answer, err = resource.Apply(ctx, step.Ref.Name, obj, metav1.ApplyOptions{FieldManager: FieldManager, Force: true})
		if err != nil {
			return nil, err
		}
		w.wrote(step.Verb, step.Ref)
	}
	return w.observe(answer, step)
}

// observe takes note of what the API server made of our write.
func (w *Writer) observe(answer *unstructured.Unstructured, step Step) ([]ir.Key, error) {
	live, err := NewLive(answer, w.Catalog)
	if err != nil {
		return nil, err
	}
	if live.Ours {
		existing, owned, err := live.content()
		if err != nil {
			return nil, err
		}
		if !compare(step.Content, existing, owned, true).none() {
			live.altered = digest(step.Content)
		}
	}
	return w.Cache.answered(live), nil
}

func (w *Writer) remove(ctx context.Context, resource dynamic.ResourceInterface, step Step) ([]ir.Key, error) {
	policy := metav1.DeletePropagationBackground
	err := resource.Delete(ctx, step.Ref.Name, metav1.DeleteOptions{
		Preconditions:     &metav1.Preconditions{UID: &step.UID, ResourceVersion: &step.ResourceVersion},
		PropagationPolicy: &policy,
	})
	if apierrors.IsNotFound(err) {
		return w.Cache.missing(step.Ref, step.UID), nil
	}
	if err != nil {
		return nil, err
	}
	w.wrote(Delete, step.Ref)
	return w.Cache.deleted(step.Ref, step.UID), nil
}

// refresh looks at an object that is not as it was thought to be, for the
// watch may tell of it late or, of a foreign one, not at all.
func (w *Writer) refresh(ctx context.Context, resource dynamic.ResourceInterface, ref translators.ObjectRef) ([]ir.Key, error) {
	obj, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return w.Cache.missing(ref, ""), nil
	}
	if err != nil {
		return nil, err
	}
	live, err := NewLive(obj, w.Catalog)
	if err != nil {
		return nil, err
	}
	return w.Cache.answered(live), nil
}

// Shared executes the plan for an object of somebody else: never by force, and
// only while the object is the one that was seen.
func (w *Writer) Shared(ctx context.Context, ref translators.ObjectRef, seen *unstructured.Unstructured, content map[string]any) error {
	resource, err := w.resource(ref)
	if err != nil {
		return err
	}
	obj := (&unstructured.Unstructured{Object: content}).DeepCopy()
	obj.SetUID(seen.GetUID())
	obj.SetResourceVersion(seen.GetResourceVersion())
	_, err = resource.Apply(ctx, ref.Name, obj, metav1.ApplyOptions{FieldManager: FieldManager})
	if err != nil {
		return fmt.Errorf("apply our fields of %s: %w", refString(ref), err)
	}
	w.wrote(Update, ref)
	return nil
}

// Look returns an object of somebody else as it is now; nil where there is none.
func (w *Writer) Look(ctx context.Context, ref translators.ObjectRef) (*unstructured.Unstructured, error) {
	resource, err := w.resource(ref)
	if err != nil {
		return nil, err
	}
	obj, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", refString(ref), err)
	}
	return obj, nil
}

func (w *Writer) resource(ref translators.ObjectRef) (dynamic.ResourceInterface, error) {
	mapping, err := w.Mapper.RESTMapping(ref.GroupKind(), ref.Version)
	if err != nil {
		return nil, fmt.Errorf("find resource of kind %s: %w", ref.Kind, err)
	}
	if ref.Namespace == "" {
		return w.Client.Resource(mapping.Resource), nil
	}
	return w.Client.Resource(mapping.Resource).Namespace(ref.Namespace), nil
}

func (w *Writer) wrote(verb Verb, ref translators.ObjectRef) {
	if w.Wrote != nil {
		w.Wrote(verb, ref.Kind)
	}
}

// take takes away what others added. Where the object is invalid without it, the
// fields that have it become what is wanted in the same request.
func (w *Writer) take(ctx context.Context, resource dynamic.ResourceInterface, step Step) (*unstructured.Unstructured, error) {
	operations := []operation{{Op: "test", Path: "/metadata/resourceVersion", Value: step.ResourceVersion}}
	instead := operations
	for _, pointer := range step.Remove {
		operations = append(operations, operation{Op: "remove", Path: pointer})
	}
	for _, field := range fieldsAbove(step.Remove) {
		if value, ok, _ := unstructured.NestedFieldNoCopy(step.Content, field...); ok {
			instead = append(instead[:len(instead):len(instead)], operation{Op: "replace", Path: "/" + strings.Join(field, "/"), Value: value})
		}
	}
	answer, err := w.patch(ctx, resource, step, operations)
	if apierrors.IsInvalid(err) && len(instead) > 1 {
		if answer, again := w.patch(ctx, resource, step, instead); again == nil {
			return answer, nil
		}
	}
	if err != nil {
		return nil, staleAsConflict(err, step)
	}
	return answer, nil
}

func (w *Writer) patch(ctx context.Context, resource dynamic.ResourceInterface, step Step, operations []operation) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("encode patch: %w", err)
	}
	return resource.Patch(ctx, step.Ref.Name, types.JSONPatchType, raw, metav1.PatchOptions{FieldManager: FieldManager})
}

// operation is one of a JSON patch, which is made as a whole or not at all.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// fieldsAbove are the fields of spec, and the like, that JSON pointers lead into,
// each once.
func fieldsAbove(pointers []string) [][]string {
	var fields [][]string
	for _, pointer := range pointers {
		parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
		if len(parts) < 3 || slices.ContainsFunc(fields, func(f []string) bool { return slices.Equal(f, parts[:2]) }) {
			continue
		}
		fields = append(fields, parts[:2])
	}
	return fields
}

// staleAsConflict names what a failed test in a JSON patch means: the API
// server answers as to any other invalid patch.
func staleAsConflict(err error, step Step) error {
	if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		return err
	}
	return apierrors.NewConflict(schema.GroupResource{Group: step.Ref.Group, Resource: step.Ref.Kind}, step.Ref.Name, err)
}
