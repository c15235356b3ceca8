package traffic

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// TestLeaving shows that a Mesh is gone for the operator from when the installer
// removes it, and not while somebody has to take members out before.
func TestLeaving(t *testing.T) {
	removed := func(edit func(*v1alpha1.Mesh)) client.Object {
		mesh := &v1alpha1.Mesh{}
		now := metav1.Now()
		mesh.DeletionTimestamp = &now
		mesh.Status.Install = &v1alpha1.InstallState{Conditions: []metav1.Condition{
			{Type: string(v1alpha1.ConditionReconciling), Status: metav1.ConditionTrue, Reason: string(v1alpha1.ReasonDeleting)},
		}}
		edit(mesh)
		return mesh
	}
	for name, c := range map[string]struct {
		object client.Object
		want   bool
	}{
		"being removed":             {removed(func(*v1alpha1.Mesh) {}), true},
		"not deleted":               {removed(func(m *v1alpha1.Mesh) { m.DeletionTimestamp = nil }), false},
		"nothing was said of it":    {removed(func(m *v1alpha1.Mesh) { m.Status.Install = nil }), false},
		"waiting for members":       {removed(func(m *v1alpha1.Mesh) { m.Status.Install.Conditions[0].Type = string(v1alpha1.ConditionStalled) }), false},
		"deleted during an upgrade": {removed(func(m *v1alpha1.Mesh) { m.Status.Install.Conditions[0].Reason = string(v1alpha1.ReasonUpgrading) }), false},
		"an ingress":                {&v1alpha1.IngressController{}, false},
	} {
		if got := Leaving(c.object); got != c.want {
			t.Errorf("%s: leaving %t, want %t", name, got, c.want)
		}
	}
}
