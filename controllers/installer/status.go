package installer

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
)

// Manager is the field manager of all that the installer writes: nobody else's
// fields are ever in what it applies.
const Manager = "meshloom-installer"

// record writes status.install of a Mesh where it differs from what is there,
// and says whether it did. A nil state takes it away. The Mesh is as it was
// read; it gets what was written.
func (c *controller) record(ctx context.Context, mesh *v1alpha1.Mesh, state *v1alpha1.InstallState) (bool, error) {
	before := mesh.Status.Install
	if state != nil {
		state = state.DeepCopy()
		var said []metav1.Condition
		if before != nil {
			said = before.Conditions
		}
		status.Inherit(said, state.Conditions, now())
	}
	old, err := encoded(before)
	if err != nil {
		return false, err
	}
	next, err := encoded(state)
	if err != nil || reflect.DeepEqual(old, next) {
		return false, err
	}
	if state == nil {
		// To apply nothing would leave a null where nobody else says anything.
		gone := client.RawPatch(types.MergePatchType, []byte(`{"status":{"install":null}}`))
		err = c.client.Status().Patch(ctx, mesh.DeepCopy(), gone, client.FieldOwner(Manager))
	} else {
		body := applied(v1alpha1.GroupVersion.WithKind(v1alpha1.KindMesh), mesh)
		body.Object["status"] = next
		err = c.client.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(body), client.FieldOwner(Manager), client.ForceOwnership)
	}
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("write status of Mesh %s: %w", mesh.Name, err)
	}
	mesh.Status.Install = state
	return true, nil
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

// now is in the grain of conditions.
func now() metav1.Time { return metav1.Now().Rfc3339Copy() }

// troubled returns the state with what went wrong in an act. While the same act
// is tried again, nothing else is said of it, so that nothing flaps.
func troubled(state v1alpha1.InstallState, generation int64, trouble *trouble) v1alpha1.InstallState {
	if trouble == nil {
		return state
	}
	state = *state.DeepCopy()
	kind, message := v1alpha1.ConditionReconciling, trouble.message+"; it is tried again"
	if trouble.stalled {
		kind, message = v1alpha1.ConditionStalled, trouble.message
	}
	state.Conditions = slices.DeleteFunc(state.Conditions, func(c metav1.Condition) bool {
		return c.Type == string(v1alpha1.ConditionReconciling) || c.Type == string(v1alpha1.ConditionStalled)
	})
	for i := range state.Conditions {
		c := &state.Conditions[i]
		if c.Type == string(v1alpha1.ConditionInstalled) && c.Status != metav1.ConditionTrue {
			c.Reason, c.Message = string(trouble.reason), message
		}
	}
	said := status.New(kind, true, trouble.reason, message)
	said.ObservedGeneration = generation
	state.Conditions = append(state.Conditions, said)
	return state
}
