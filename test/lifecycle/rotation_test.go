//go:build e2e

package lifecycle

import (
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// rootRotation gives the mesh another root of trust while requests go on. Each
// of its three stages lasts until every certificate was issued anew, and until
// kubelets have brought what changed into pods.
func rootRotation(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	var before string
	must(t, await(ctx, "there is a root", func(m *v1alpha1.Mesh) bool {
		if m.Status.Install.Trust != nil {
			before = m.Status.Install.Trust.Fingerprint
		}
		return before != ""
	}))
	f := startTraffic(t)
	happening(t, "root rotation", "another root, Steady", func() (string, error) {
		if err := annotate(ctx, v1alpha1.AnnotationRotateRoot, time.Now().Format(time.RFC3339)); err != nil {
			return "", err
		}
		return "another root, Steady", await(ctx, "another root is in use alone", func(m *v1alpha1.Mesh) bool {
			trust := m.Status.Install.Trust
			return trust != nil && trust.Stage == v1alpha1.TrustSteady && trust.Fingerprint != before
		})
	})
	f.finish(atLeast)
}
