//go:build e2e

package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// immovable is the name of a Deployment that cannot be restarted without loss.
const immovable = "fragile"

// canaryUpgrade moves the mesh to the newer version beside the older one, while
// requests go on and the installer is killed. A workload that cannot be moved
// without loss is named before anything starts, and left.
func canaryUpgrade(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	must(t, life.ApplyFile(ctx, "testdata/fragile.yaml"))
	must(t, life.AwaitDeployments(ctx, bookinfo))
	f := startTraffic(t)
	happening(t, "the plan names what cannot be moved", immovable, func() (string, error) {
		said, err := life.Meshctl(ctx, "upgrade", "mesh", meshKey.Name, "--version="+newer, "--dry-run")
		if err != nil {
			return "", err
		}
		if !strings.Contains(said.Out+said.Err, immovable) {
			return said.Out + said.Err, nil
		}
		return immovable, nil
	})
	happening(t, "Canary "+older+" to "+newer+", the installer killed on the way", "all moved but "+immovable, func() (string, error) {
		if err := edit(ctx, func(m *v1alpha1.Mesh) { m.Spec.Version = newer }); err != nil {
			return "", err
		}
		if err := await(ctx, "pods are being moved", func(*v1alpha1.Mesh) bool { return versions(ctx, t, bookinfo)[newer] > 0 }); err != nil {
			return "", err
		}
		if err := life.KillInstaller(ctx); err != nil {
			return "", err
		}
		return "all moved but " + immovable, awaitMoved(ctx, t, newer, immovable)
	})
	happening(t, "istiods while a workload is left", "both", func() (string, error) {
		if running := istiods(ctx, t); running[older] == 0 || running[newer] == 0 {
			return fmt.Sprint(running), nil
		}
		return "both", nil
	})
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = bookinfo, immovable
	must(t, life.API.Delete(ctx, d))
	happening(t, "the older control plane when nothing uses it", "gone", func() (string, error) {
		if err := awaitVersion(ctx, newer); err != nil {
			return "", err
		}
		return "gone", await(ctx, "the older istiod is gone", func(*v1alpha1.Mesh) bool { return istiods(ctx, t)[older] == 0 })
	})
	f.finish(atLeast)
	countSplits(t)
}

// awaitMoved waits until all pods with a proxy, but those of one Deployment,
// have one of a version.
func awaitMoved(ctx context.Context, t *testing.T, version, but string) error {
	t.Helper()
	return await(ctx, "all pods have a proxy of "+version, func(m *v1alpha1.Mesh) bool {
		for _, namespace := range []string{bookinfo, callers, gateway.Namespace} {
			for _, p := range podsIn(ctx, t, namespace) {
				if proxy := proxyOf(&p); proxy != version && (but == "" || !strings.HasPrefix(p.Name, but+"-")) {
					return false
				}
			}
		}
		return current(m)
	})
}
