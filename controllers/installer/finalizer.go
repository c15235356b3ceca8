package installer

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/status"
)

// Finalizer keeps a Managed Mesh or IngressController until what was installed
// for it is removed.
const Finalizer = v1alpha1.GroupName + "/install"

// hold sees to it that an object does not go without what is installed for it.
// What is refused installs nothing.
func (a *actor) hold(ctx context.Context, t turn) error {
	if !t.held || t.object.GetDeletionTimestamp() != nil || t.step.Kind == install.StepRefuse || controllerutil.ContainsFinalizer(t.object, Finalizer) {
		return nil
	}
	return a.patch(ctx, t.object, controllerutil.AddFinalizer)
}

// unhold takes the finalizer off.
func (a *actor) unhold(ctx context.Context, object client.Object) error {
	if !controllerutil.ContainsFinalizer(object, Finalizer) {
		return nil
	}
	return a.patch(ctx, object, controllerutil.RemoveFinalizer)
}

func (a *actor) patch(ctx context.Context, object client.Object, edit func(client.Object, string) bool) error {
	before, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("copy %T: it is no object", object)
	}
	edit(object, Finalizer)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := a.client.Patch(ctx, object, patch, client.FieldOwner(Manager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("patch finalizers of %T %s: %w", object, object.GetName(), err)
	}
	return nil
}

// handBack takes off an object what is left from when it was Managed. One that
// never was gets no write.
func (a *actor) handBack(ctx context.Context, object client.Object) error {
	if _, err := a.record(ctx, object, nil); err != nil {
		return err
	}
	return a.unhold(ctx, object)
}

// notOffered says of an object that its provider cannot be installed.
func (a *actor) notOffered(ctx context.Context, object client.Object, provider string) error {
	if object.GetDeletionTimestamp() != nil {
		return a.unhold(ctx, object)
	}
	message := fmt.Sprintf("spec.mode: %s cannot be installed by this version of Meshloom: install it yourself and set mode to Adopted", provider)
	state := &v1alpha1.InstallState{ObservedGeneration: object.GetGeneration(), Conditions: []metav1.Condition{
		status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonUnsupported, message),
		status.New(v1alpha1.ConditionStalled, true, v1alpha1.ReasonUnsupported, message),
	}}
	for i := range state.Conditions {
		state.Conditions[i].ObservedGeneration = object.GetGeneration()
	}
	_, err := a.record(ctx, object, state)
	return err
}
