package installer

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
)

// Manager is the field manager of all that the installer writes: nobody else's
// fields are ever in what it applies.
const Manager = "meshloom-installer"

// stateOf returns where an object keeps what the installer says; nil for kinds
// that keep nothing of it.
func stateOf(object client.Object) **v1alpha1.InstallState {
	switch o := object.(type) {
	case *v1alpha1.Mesh:
		return &o.Status.Install
	case *v1alpha1.IngressController:
		return &o.Status.Install
	case *v1alpha1.IngressGateway:
		return &o.Status.Install
	}
	return nil
}

// record writes status.install of an object where it differs from what is
// there, and says whether it did. A nil state takes it away, a nil object has
// none. The object is as it was read; it gets what was written.
func (a *actor) record(ctx context.Context, object client.Object, state *v1alpha1.InstallState) (bool, error) {
	into := stateOf(object)
	if into == nil {
		return false, nil
	}
	if state != nil {
		state = state.DeepCopy()
		var said []metav1.Condition
		if *into != nil {
			said = (*into).Conditions
		}
		status.Inherit(said, state.Conditions, metav1.Now().Rfc3339Copy())
	}
	old, err := encoded(*into)
	if err != nil {
		return false, err
	}
	next, err := encoded(state)
	if err != nil || reflect.DeepEqual(old, next) {
		return false, err
	}
	if err := a.say(ctx, object, next); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("write status of %T %s: %w", object, client.ObjectKeyFromObject(object), err)
	}
	*into = state
	return true, nil
}

// say writes a status of which only the installer's part is there.
func (a *actor) say(ctx context.Context, object client.Object, content map[string]any) error {
	if len(content) == 0 {
		// To apply nothing would leave a null where nobody else says anything.
		gone := client.RawPatch(types.MergePatchType, []byte(`{"status":{"install":null}}`))
		copied, ok := object.DeepCopyObject().(client.Object)
		if !ok {
			return fmt.Errorf("copy %T: it is no object", object)
		}
		err := a.client.Status().Patch(ctx, copied, gone, client.FieldOwner(Manager))
		object.SetResourceVersion(copied.GetResourceVersion())
		return err
	}
	kind, err := apiutil.GVKForObject(object, a.client.Scheme())
	if err != nil {
		return err
	}
	body := applied(kind, object)
	body.Object["status"] = content
	err = a.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(body), client.FieldOwner(Manager), client.ForceOwnership)
	object.SetResourceVersion(cmp.Or(body.GetResourceVersion(), object.GetResourceVersion()))
	return err
}

// encoded returns the status that holds a state, in the grain in which the API
// server keeps it.
func encoded(state *v1alpha1.InstallState) (map[string]any, error) {
	if state == nil {
		return map[string]any{}, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(state)
	if err != nil {
		return nil, fmt.Errorf("encode status.install: %w", err)
	}
	return map[string]any{"install": content}, nil
}
