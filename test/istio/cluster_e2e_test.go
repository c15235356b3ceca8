//go:build e2e

package istio_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/load"
)

const reviewsBy = "X-Bookinfo-Reviews"

// TestRealProxies installs Istio, a gateway and Bookinfo on a cluster and
// counts what reaches which version. The cluster is the test's own: on
// another one, Istio would be taken away at the end.
func TestRealProxies(t *testing.T) {
	ctx := t.Context()
	l, err := lab.Open(ctx, lab.Options{Name: "istio-test", Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	gateway := istio.Gateway{Name: "public", Namespace: "edge"}
	installer := prepare(t, l, gateway)
	if err := l.Apply(ctx, []byte(split)); err != nil {
		t.Fatal(err)
	}
	t.Run("every pod has its proxy", func(t *testing.T) { everyPodHasItsProxy(t, l) })
	page := lab.Pod{Namespace: "bookinfo", Deployment: "productpage-v1", Container: "productpage"}
	inside := func(ctx context.Context, o load.Options) (*load.Report, error) { return l.Run(ctx, page, o) }
	t.Run("split inside", func(t *testing.T) {
		splits(ctx, t, inside, load.Options{URL: "http://reviews:9080/reviews/0"})
	})
	t.Run("split behind the page", func(t *testing.T) {
		splits(ctx, t, inside, load.Options{URL: "http://productpage:9080/productpage"})
	})
	t.Run("split from outside", func(t *testing.T) {
		address, err := l.Address(ctx, client.ObjectKey{Namespace: gateway.Namespace, Name: gateway.Name}, 80)
		if err != nil {
			t.Fatal(err)
		}
		splits(ctx, t, load.Run, load.Options{URL: "http://bookinfo.shop.example/reviews/0", Client: load.ClientOptions{Address: address}})
	})
	t.Run("header match", func(t *testing.T) {
		o := load.Options{URL: "http://reviews:9080/reviews/0", Requests: 200, By: []string{reviewsBy}, Header: http.Header{"End-User": {"jason"}}}
		r, err := inside(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Share(reviewsBy, "v3"); got != 100 {
			t.Errorf("v3 answered %.1f %%, want 100", got)
		}
	})
	t.Run("all of it again, then nothing", func(t *testing.T) { comesAndGoes(t, l, installer, gateway) })
}

// comesAndGoes installs over what is there, which changes nothing, and then
// takes it away.
func comesAndGoes(t *testing.T, l *lab.Lab, installer *istio.Installer, gateway istio.Gateway) {
	t.Helper()
	ctx := t.Context()
	for _, step := range []func() error{
		func() error { return installer.Install(ctx, nil) },
		func() error { return installer.InstallGateway(ctx, gateway) },
		func() error { return installer.UninstallGateway(ctx, gateway) },
		func() error { return installer.Uninstall(ctx) },
		func() error { return installer.Uninstall(ctx) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for _, namespace := range []string{istio.Namespace, gateway.Namespace} {
		var left appsv1.DeploymentList
		if err := l.Client.List(ctx, &left, client.InNamespace(namespace)); err != nil {
			t.Fatal(err)
		}
		if len(left.Items) > 0 {
			t.Errorf("namespace %s still has deployment %s", namespace, left.Items[0].Name)
		}
	}
}

// prepare brings the cluster to where Bookinfo runs in a mesh.
func prepare(t *testing.T, l *lab.Lab, gateway istio.Gateway) *istio.Installer {
	t.Helper()
	ctx := t.Context()
	installer, err := l.InstallIstio(ctx, gateway)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := l.ApplyFile(ctx, "../../examples/bookinfo/app.yaml"); err != nil {
		t.Fatal(err)
	}
	if err := l.AwaitDeployments(ctx, "bookinfo"); err != nil {
		t.Fatal(err)
	}
	t.Logf("Bookinfo is ready after %.1f s", time.Since(begun).Seconds())
	return installer
}

func everyPodHasItsProxy(t *testing.T, l *lab.Lab) {
	t.Helper()
	var pods corev1.PodList
	if err := l.Client.List(t.Context(), &pods, client.InNamespace("bookinfo")); err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		ready := 0
		for _, s := range append(p.Status.ContainerStatuses, p.Status.InitContainerStatuses...) {
			if s.Ready && (s.Name == "istio-proxy" || s.Name == p.Labels["app"]) {
				ready++
			}
		}
		if p.DeletionTimestamp == nil && ready != 2 {
			t.Errorf("pod %s has %d of 2 containers ready", p.Name, ready)
		}
	}
	if len(pods.Items) < 6 {
		t.Errorf("%d pods, want 6", len(pods.Items))
	}
}

// splits counts 2000 requests once a few have shown that the rules are known.
func splits(ctx context.Context, t *testing.T, run func(context.Context, load.Options) (*load.Report, error), o load.Options) {
	t.Helper()
	o.By = []string{reviewsBy}
	o.Requests, o.Concurrency = 100, 4
	if err := await(ctx, func() error {
		r, err := run(ctx, o)
		if err != nil {
			return err
		}
		if r.Answered(200) != r.Requests || r.By[reviewsBy]["v3"] > 0 {
			return fmt.Errorf("statuses %v, errors %v, versions %v", r.Statuses, r.Errors, r.By)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	o.Requests, o.Concurrency = 2000, 8
	r, err := run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d requests: %v, versions %v, %.0f/s, p50 %.1f ms, p99 %.1f ms", r.Requests, r.Statuses, r.By[reviewsBy], r.PerSecond, r.Latency.P50, r.Latency.P99)
	if r.Answered(200) != o.Requests {
		t.Errorf("statuses %v, errors %v", r.Statuses, r.Errors)
	}
	for version, want := range map[string]float64{"v1": 75, "v2": 25} {
		if got := r.Share(reviewsBy, version); math.Abs(got-want) > 4 {
			t.Errorf("%s answered %.1f %%, want %.0f", version, got, want)
		}
	}
}

// await tries until there is no error, for half a minute.
func await(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// split is what a user of Istio alone would write.
const split = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: reviews, namespace: bookinfo}
spec:
  host: reviews.bookinfo.svc.cluster.local
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
  - {name: v3, labels: {version: v3}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: bookinfo}
spec:
  hosts: [reviews.bookinfo.svc.cluster.local]
  http:
  - match: [{headers: {end-user: {exact: jason}}}]
    route:
    - destination: {host: reviews.bookinfo.svc.cluster.local, subset: v3}
  - retries: {attempts: 0}
    route:
    - {destination: {host: reviews.bookinfo.svc.cluster.local, subset: v1}, weight: 75}
    - {destination: {host: reviews.bookinfo.svc.cluster.local, subset: v2}, weight: 25}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  selector: {istio: public}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.shop.example"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bookinfo, namespace: edge}
spec:
  hosts: [bookinfo.shop.example]
  gateways: [public]
  http:
  - retries: {attempts: 0}
    route:
    - {destination: {host: reviews.bookinfo.svc.cluster.local, subset: v1}, weight: 75}
    - {destination: {host: reviews.bookinfo.svc.cluster.local, subset: v2}, weight: 25}
`
