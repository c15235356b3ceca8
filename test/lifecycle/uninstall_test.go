//go:build e2e

package lifecycle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/stage"
)

// removeMesh removes the mesh, which is refused while it has members, and all
// that was made for it.
func removeMesh(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	m := shop(t)
	happening(t, "a mesh with members, deleted", "MembersExist", func() (string, error) {
		if err := life.API.Delete(ctx, m); err != nil {
			return "", err
		}
		return "MembersExist", await(ctx, "the removal is refused", func(m *v1alpha1.Mesh) bool {
			c := stalled(m)
			return c != nil && c.Reason == string(v1alpha1.ReasonMembersExist)
		})
	})
	must(t, removeNamespaces(t, bookinfo, callers, ledger.Namespace))
	must(t, annotate(ctx, v1alpha1.AnnotationUninstall, "crds"))
	objects, err := stage.Read(file(t, "testdata/gateway.yaml"))
	must(t, err)
	must(t, life.Remove(ctx, objects...))
	must(t, life.API.Delete(ctx, controller(t)))
	happening(t, "the same without members", "gone", func() (string, error) { return "gone", gone(ctx, m) })
}

// uninstall removes Meshloom, and compares with the cluster as it was before
// the first install.
func uninstall(t *testing.T) {
	t.Helper()
	happening(t, "meshctl uninstall", "nothing is left", func() (string, error) {
		if _, err := life.MustMeshctl(t.Context(), "uninstall", "-y", "--crds=delete", "--confirm=meshloom"); err != nil {
			return "", err
		}
		return difference(t), nil
	})
}

// removeNamespaces removes namespaces and waits for their end.
func removeNamespaces(t *testing.T, names ...string) error {
	t.Helper()
	for _, name := range names {
		n := &corev1.Namespace{}
		n.Name = name
		if err := life.API.Delete(t.Context(), n); client.IgnoreNotFound(err) != nil {
			return err
		}
		if err := gone(t.Context(), n); err != nil {
			return err
		}
	}
	return nil
}

// difference says how the cluster differs from the empty one.
func difference(t *testing.T) string {
	t.Helper()
	now, err := life.TakeSnapshot(t.Context())
	must(t, err)
	var words []string
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if was, ok := life.empty[key]; !ok {
			words = append(words, "left: "+key)
		} else if was != now[key] {
			words = append(words, "changed: "+key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(life.empty)) {
		if _, ok := now[key]; !ok {
			words = append(words, "gone: "+key)
		}
	}
	if len(words) == 0 {
		return "nothing is left"
	}
	return fmt.Sprintf("%d objects: %s", len(words), strings.Join(words, ", "))
}
