//go:build e2e

package lifecycle

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/stage"
)

// rootRotation gives the mesh another root of trust while requests go on. Each
// of its three stages lasts until every certificate was issued anew, and until
// kubelets have brought what changed into pods.
func rootRotation(t *testing.T) {
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

// renewProxies has all pods with a proxy made anew, without regard for requests.
func renewProxies(ctx context.Context) error {
	var pods corev1.PodList
	if err := life.API.List(ctx, &pods); err != nil {
		return fmt.Errorf("list pods: %w", err)
	}
	old := map[types.UID]bool{}
	for i := range pods.Items {
		if p := &pods.Items[i]; proxyOf(p) != "no proxy" {
			old[p.UID] = true
			if err := life.API.Delete(ctx, p); client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("delete pod %s/%s: %w", p.Namespace, p.Name, err)
			}
		}
	}
	err := stage.Until(ctx, func(ctx context.Context) (bool, error) {
		if err := life.API.List(ctx, &pods); err != nil {
			return false, err
		}
		count := 0
		for i := range pods.Items {
			switch p := &pods.Items[i]; {
			case proxyOf(p) == "no proxy":
			case old[p.UID] || !ready(p):
				return false, nil
			default:
				count++
			}
		}
		return count >= len(old), nil
	})
	if err != nil {
		return fmt.Errorf("wait for %d new proxies: %w", len(old), err)
	}
	return nil
}
