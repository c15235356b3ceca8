package status

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

func TestTheInstallersPartIsNeverWritten(t *testing.T) {
	mesh := &v1alpha1.Mesh{}
	mesh.Status.Version, mesh.Status.Install = "1.0.0", &v1alpha1.InstallState{Version: "1.1.0"}
	got, err := statusOf(mesh)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"version": "1.0.0"}, got); diff != "" {
		t.Error(diff)
	}
}
