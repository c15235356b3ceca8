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

// Finalizer keeps a Managed Mesh until its mesh is removed.
const Finalizer = v1alpha1.GroupName + "/install"

// hold sees to it that a Mesh does not go without what is installed for it.
// What is refused installs nothing.
func (c *controller) hold(ctx context.Context, t turn) error {
	if t.mesh.DeletionTimestamp != nil || t.step.Kind == install.StepRefuse || controllerutil.ContainsFinalizer(t.mesh, Finalizer) {
		return nil
	}
	before := t.mesh.DeepCopy()
	controllerutil.AddFinalizer(t.mesh, Finalizer)
	return c.patch(ctx, t.mesh, before)
}

// unhold takes the finalizer off.
func (c *controller) unhold(ctx context.Context, mesh *v1alpha1.Mesh) error {
	before := mesh.DeepCopy()
	if !controllerutil.RemoveFinalizer(mesh, Finalizer) {
		return nil
	}
	return c.patch(ctx, mesh, before)
}

func (c *controller) patch(ctx context.Context, mesh, before *v1alpha1.Mesh) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Patch(ctx, mesh, patch, client.FieldOwner(Manager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("patch finalizers of Mesh %s: %w", mesh.Name, err)
	}
	return nil
}

// handBack takes off a Mesh what is left from when it was Managed. One that
// never was gets no write.
func (c *controller) handBack(ctx context.Context, mesh *v1alpha1.Mesh) error {
	if _, err := c.record(ctx, mesh, nil); err != nil {
		return err
	}
	return c.unhold(ctx, mesh)
}

// notOffered says of a Mesh that its provider cannot be installed.
func (c *controller) notOffered(ctx context.Context, mesh *v1alpha1.Mesh) error {
	if mesh.DeletionTimestamp != nil {
		return c.unhold(ctx, mesh)
	}
	message := fmt.Sprintf("spec.mode: %s cannot be installed by this version of Meshloom: install it yourself and set mode to Adopted", mesh.Spec.Provider)
	state := &v1alpha1.InstallState{ObservedGeneration: mesh.Generation, Conditions: []metav1.Condition{
		status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonUnsupported, message),
		status.New(v1alpha1.ConditionStalled, true, v1alpha1.ReasonUnsupported, message),
	}}
	for i := range state.Conditions {
		state.Conditions[i].ObservedGeneration = mesh.Generation
	}
	_, err := c.record(ctx, mesh, state)
	return err
}
