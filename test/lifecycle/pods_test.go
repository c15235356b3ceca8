//go:build e2e

package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/stage"
)

// podsIn are the pods of a namespace that are not about to go.
func podsIn(ctx context.Context, t *testing.T, namespace string) []corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	// The API server is killed now and then.
	must(t, stage.Until(context.WithoutCancel(ctx), func(ctx context.Context) (bool, error) {
		return life.API.List(ctx, &pods, client.InNamespace(namespace)) == nil, nil
	}))
	return slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// versions are those of the proxies in a namespace's pods, and how many pods
// have each.
func versions(ctx context.Context, t *testing.T, namespace string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, p := range podsIn(ctx, t, namespace) {
		counts[proxyOf(&p)]++
	}
	return counts
}

// proxyOf is the version of a pod's proxy.
func proxyOf(p *corev1.Pod) string {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == "istio-proxy" {
			return tag(c.Image)
		}
	}
	return "no proxy"
}

func tag(image string) string { return image[strings.LastIndex(image, ":")+1:] }

func ready(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// gone waits for the end of an object.
func gone(ctx context.Context, o client.Object) error {
	err := stage.Until(ctx, func(ctx context.Context) (bool, error) {
		err := life.API.Get(ctx, client.ObjectKeyFromObject(o), o)
		return err != nil, client.IgnoreNotFound(err)
	})
	if err != nil {
		return fmt.Errorf("wait for the end of %s: %w", o.GetName(), err)
	}
	return nil
}
