//go:build e2e

package lifecycle

import (
	"context"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/stage"
)

// downgrade goes back to the older version in place, while requests go on.
// Everything that could be in the middle of it is killed: Meshloom, etcd and
// the API server.
func downgrade(t *testing.T) {
	t.Helper()
	f := startTraffic(t)
	happening(t, newer+" to "+older+" in place, everything killed", older, func() (string, error) {
		return older, change(t.Context(), t, older, func() error {
			for _, kill := range []func(context.Context) error{
				life.KillInstaller, life.KillOperator,
				func(ctx context.Context) error { return life.Local.Kill(ctx, "etcd") },
				func(ctx context.Context) error { return life.Local.Kill(ctx, "kube-apiserver") },
			} {
				if err := kill(t.Context()); err != nil {
					return err
				}
				stage.Settle(t.Context(), 5*time.Second)
			}
			return nil
		})
	})
	f.finish(atLeast / 10)
}

// inPlaceUpgrade replaces the control plane by the newer one, while requests go
// on.
func inPlaceUpgrade(t *testing.T) {
	t.Helper()
	f := startTraffic(t)
	happening(t, older+" to "+newer+" in place", newer, func() (string, error) {
		return newer, change(t.Context(), t, newer, func() error { return nil })
	})
	f.finish(atLeast)
	countSplits(t)
}

// change asks for a version in place, does something once the change has
// begun, and waits until all of the mesh has the version.
func change(ctx context.Context, t *testing.T, version string, meanwhile func() error) error {
	t.Helper()
	err := edit(ctx, func(m *v1alpha1.Mesh) {
		m.Spec.Version, m.Spec.Upgrade.Strategy = version, v1alpha1.UpgradeInPlace
	})
	if err != nil {
		return err
	}
	if err := await(ctx, "the change has begun", changing); err != nil {
		return err
	}
	if err := meanwhile(); err != nil {
		return err
	}
	if err := awaitMoved(ctx, t, version, ""); err != nil {
		return err
	}
	return awaitVersion(ctx, version)
}
