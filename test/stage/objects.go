package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// patience is how long anything may take that normally takes seconds.
const patience = 2 * time.Minute

// often is the time between two looks.
const often = 200 * time.Millisecond

// Read decodes manifests.
func Read(text []byte) ([]*unstructured.Unstructured, error) {
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*unstructured.Unstructured
	for {
		o := new(unstructured.Unstructured)
		err := documents.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return objects, nil
		case err != nil:
			return nil, fmt.Errorf("read manifests: %w", err)
		case len(o.Object) > 0:
			objects = append(objects, o)
		}
	}
}

// Unified returns the objects that are of the unified API.
func Unified(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool { return !unified(o) })
}

// unified says whether the object is of the unified API.
func unified(o *unstructured.Unstructured) bool {
	return o.GroupVersionKind().Group == v1alpha1.GroupVersion.Group
}

// Put applies manifests as a user would and returns when the operator says of
// everything in them that is of the unified API that it is ready.
func (s *Stage) Put(ctx context.Context, text []byte) error {
	objects, err := Read(text)
	if err != nil {
		return err
	}
	if err := s.Apply(ctx, text); err != nil {
		return err
	}
	for _, o := range Unified(objects) {
		if err := s.AwaitReady(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// AwaitReady returns when the operator has seen the newest form of the object
// and says that it is ready. The error of one that does not become so holds
// its conditions.
func (s *Stage) AwaitReady(ctx context.Context, o client.Object) error {
	return s.AwaitCondition(ctx, o, Condition{Type: string(v1alpha1.ConditionReady), Status: "True"})
}

// Condition is what a condition of an object is to say. A Reason that is empty
// may be any.
type Condition struct{ Type, Status, Reason string }

// AwaitCondition returns when a condition of the object's newest form is as
// wanted.
func (s *Stage) AwaitCondition(ctx context.Context, o client.Object, want Condition) error {
	live := new(unstructured.Unstructured)
	live.SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())
	err := wait.PollUntilContextTimeout(ctx, often, patience, true, func(ctx context.Context) (bool, error) {
		if err := s.API.Get(ctx, client.ObjectKeyFromObject(o), live); err != nil {
			return false, err
		}
		return slices.ContainsFunc(conditions(live, "status", "conditions"), func(c condition) bool {
			return c.Type == want.Type && c.Status == want.Status && (want.Reason == "" || c.Reason == want.Reason) &&
				(c.ObservedGeneration == live.GetGeneration() || !unified(live))
		}), nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s=%s %s of %s %s: %w\n%s", want.Type, want.Status, want.Reason, live.GetKind(), o.GetName(), err, Describe(live))
	}
	return nil
}

// Remove deletes the objects of manifests, in the opposite order, and returns
// when they are gone.
func (s *Stage) Remove(ctx context.Context, objects ...*unstructured.Unstructured) error {
	for _, o := range slices.Backward(objects) {
		if err := s.API.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("delete %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	for _, o := range objects {
		live := o.DeepCopy()
		err := wait.PollUntilContextTimeout(ctx, often, patience, true, func(ctx context.Context) (bool, error) {
			err := s.API.Get(ctx, client.ObjectKeyFromObject(o), live)
			return err != nil, client.IgnoreNotFound(err)
		})
		if err != nil {
			return fmt.Errorf("wait for the end of %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}
