//go:build e2e

package lifecycle

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/load"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/stage"
)

// install goes from an empty cluster to requests that are split: Meshloom by
// meshctl, the mesh and its gateway by Meshloom. etcd and the API server are
// killed while the mesh is being installed.
func install(t *testing.T) {
	t.Helper()
	happening(t, "meshctl install", "ready", func() (string, error) { return "ready", life.InstallProduct(t.Context()) })
	must(t, life.API.Create(t.Context(), shop(t)))
	happening(t, "Istio "+older+" while etcd and the API server are killed", "installed", func() (string, error) {
		if err := await(t.Context(), "the installation has begun", func(m *v1alpha1.Mesh) bool {
			return m.Status.Install != nil && len(m.Status.Install.Releases) > 1
		}); err != nil {
			return "", err
		}
		for _, component := range []string{"etcd", "kube-apiserver"} {
			if err := life.Local.Kill(t.Context(), component); err != nil {
				return "", err
			}
		}
		return "installed", awaitVersion(t.Context(), older)
	})
	c := controller(t)
	must(t, life.API.Create(t.Context(), c))
	must(t, life.Put(t.Context(), file(t, "testdata/gateway.yaml")))
	happening(t, "Bookinfo is injected", fmt.Sprint(map[string]int{older: 6}), func() (string, error) {
		if err := members(t.Context(), t); err != nil {
			return "", err
		}
		return fmt.Sprint(versions(t.Context(), t, bookinfo)), nil
	})
	must(t, life.Put(t.Context(), file(t, "testdata/traffic.yaml")))
	countSplits(t)
}

// members makes the namespaces, and once they are marked what runs in them.
func members(ctx context.Context, t *testing.T) error {
	t.Helper()
	for _, name := range []string{bookinfo, callers} {
		n := &corev1.Namespace{}
		n.Name, n.Labels = name, map[string]string{"mesh": "shop"}
		if err := life.API.Create(ctx, n); err != nil {
			return fmt.Errorf("create namespace: %w", err)
		}
		if err := life.AwaitMember(ctx, name); err != nil {
			return err
		}
	}
	// The namespace of the example says that it is in a mesh already.
	app := bytes.ReplaceAll(file(t, "../../examples/bookinfo/app.yaml"), []byte("    istio-injection: enabled\n"), nil)
	if err := life.Apply(ctx, app); err != nil {
		return err
	}
	return life.AwaitDeployments(ctx, bookinfo)
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return text
}

// countSplits counts who answers, through the gateway.
func countSplits(t *testing.T) {
	t.Helper()
	const answerer = "X-Bookinfo-Reviews"
	address, err := life.Address(t.Context(), gateway, 80)
	must(t, err)
	o := load.Options{URL: "http://bookinfo.shop.example/reviews/0", Concurrency: 8, By: []string{answerer}, Client: load.ClientOptions{Address: address}}
	must(t, stage.Until(t.Context(), func(ctx context.Context) (bool, error) {
		o.Requests = 100
		r, err := load.Run(ctx, o)
		return err == nil && r.Answered(200) == 100 && r.By[answerer]["v3"] == 0, err
	}))
	o.Requests = 2000
	r, err := load.Run(t.Context(), o)
	must(t, err)
	v1, v2 := r.Share(answerer, "v1"), r.Share(answerer, "v2")
	row := report.Row{
		Scenario: t.Name(), Check: "split through the gateway", Sent: r.Requests, Failed: r.Requests - r.Answered(200),
		Expected: "v1 75 %, v2 25 %", Counted: fmt.Sprintf("v1 %.1f %%, v2 %.1f %%", v1, v2), Seconds: r.Seconds,
	}
	row.Passed = row.Failed == 0 && math.Abs(v1-75) <= 4 && math.Abs(v2-25) <= 4
	life.report.Add(row)
	if !row.Passed {
		t.Errorf("%s of %d: statuses %v, errors %v", row.Counted, r.Requests, r.Statuses, r.Errors)
	}
}
