package controllers_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/envtest"
	"github.com/meshloom/meshloom/translators/all"
)

func TestMain(m *testing.M) {
	source, err := binaries.ModuleDir(context.Background(), "istio", "istio.io/istio")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctrl.SetLogger(logr.Discard())
	os.Exit(envtest.Main(m, "../apis/v1alpha1/crds", filepath.Join(source, "manifests", "charts", "base", "files", "crd-all.gen.yaml")))
}

var (
	virtualServices  = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}
	destinationRules = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}
)

// settle is long enough to see that something waits, and no longer.
const settle = 300 * time.Millisecond

// rig is a cluster with a user and, now and then, an operator.
type rig struct {
	t         *testing.T
	config    *rest.Config
	client    client.Client
	namespace string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	cfg := envtest.Config(t)
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &rig{t: t, config: cfg, client: c, namespace: strings.ToLower(t.Name())}
}

// operator is a running operator.
type operator struct {
	writes *writes
	stop   func()
}

// operate runs an operator until it is stopped or the test ends.
func (r *rig) operate() *operator {
	r.t.Helper()
	cfg := rest.CopyConfig(r.config)
	w := &writes{}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return w.over(next) })
	scheme, err := controllers.Scheme()
	if err != nil {
		r.t.Fatal(err)
	}
	opts := controllers.Options{Providers: all.Providers(), Workers: 4, Settle: settle, Registerer: prometheus.NewRegistry()}
	skip := true
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme, Cache: controllers.Cache(opts), Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := controllers.Add(mgr, opts); err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("operator ended: %v", err)
		}
	})
	r.t.Cleanup(stop)
	return &operator{writes: w, stop: stop}
}

// writes counts requests that change something.
type writes struct {
	mu   sync.Mutex
	seen []string
}

func (w *writes) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			w.mu.Lock()
			w.seen = append(w.seen, req.Method+" "+req.URL.Path)
			w.mu.Unlock()
		}
		return next.RoundTrip(req)
	})
}

// to returns the writes to paths that contain the part.
func (w *writes) to(part string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.seen), func(s string) bool { return !strings.Contains(s, part) })
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// apply applies YAML as the user does. NS in it stands for the test's namespace.
func (r *rig) apply(text string) {
	r.t.Helper()
	for document := range strings.SplitSeq(strings.ReplaceAll(text, "NS", r.namespace), "\n---") {
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), obj); err != nil {
			r.t.Fatal(err)
		}
		if err := r.client.Patch(r.t.Context(), obj, client.Apply, client.FieldOwner("user"), client.ForceOwnership); err != nil { //nolint:staticcheck // The typed form takes no unstructured objects.
			r.t.Fatalf("apply %s %s: %v", obj.GetKind(), obj.GetName(), err)
		}
	}
}

func (r *rig) get(gvk schema.GroupVersionKind, name string) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	err := r.client.Get(r.t.Context(), types.NamespacedName{Namespace: r.namespace, Name: name}, obj)
	return obj, err
}

func (r *rig) mustGet(gvk schema.GroupVersionKind, name string) *unstructured.Unstructured {
	r.t.Helper()
	obj, err := r.get(gvk, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return obj
}

func (r *rig) delete(gvk schema.GroupVersionKind, name string) {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	obj.SetNamespace(r.namespace)
	obj.SetName(name)
	if err := r.client.Delete(r.t.Context(), obj); err != nil {
		r.t.Fatal(err)
	}
}

// patch edits an object by hand.
func (r *rig) patch(gvk schema.GroupVersionKind, name, patch string) {
	r.t.Helper()
	obj := r.mustGet(gvk, name)
	if err := r.client.Patch(r.t.Context(), obj, client.RawPatch(types.JSONPatchType, []byte(patch)), client.FieldOwner("hand")); err != nil {
		r.t.Fatal(err)
	}
}

// eventually waits until f has nothing to say.
func (r *rig) eventually(what string, f func() string) {
	r.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		problem := f()
		if problem == "" {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: %s", what, problem)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// exists waits for an object to be there, or to be gone.
func (r *rig) exists(gvk schema.GroupVersionKind, name string, want bool) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%s %s exists: %v", gvk.Kind, name, want), func() string {
		_, err := r.get(gvk, name)
		if err != nil && !apierrors.IsNotFound(err) {
			return err.Error()
		}
		if (err == nil) != want {
			return "not so"
		}
		return ""
	})
}

// list returns the names of the native objects of the test's namespace.
func (r *rig) list(gvk schema.GroupVersionKind) []string {
	r.t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk)
	if err := r.client.List(r.t.Context(), list, client.InNamespace(r.namespace)); err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, item := range list.Items {
		names = append(names, item.GetName())
	}
	return names
}

// condition waits until the object, and each of its targets, has a condition.
func (r *rig) condition(kind, name, condition, status, reason string) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%s %s %s=%s/%s", kind, name, condition, status, reason), func() string {
		obj, err := r.get(v1alpha1.GroupVersion.WithKind(kind), name)
		if err != nil {
			return err.Error()
		}
		found := conditionsOf(obj)
		for _, c := range found {
			if c.Type == condition && string(c.Status) == status && c.Reason == reason && c.ObservedGeneration == obj.GetGeneration() {
				return ""
			}
		}
		return fmt.Sprintf("has %+v", found)
	})
}

// conditionsOf returns the conditions of an object and those of its targets.
func conditionsOf(obj *unstructured.Unstructured) []metav1.Condition {
	var out []metav1.Condition
	add := func(object map[string]any, path ...string) {
		list, _, _ := unstructured.NestedSlice(object, path...)
		for _, entry := range list {
			raw, _ := yaml.Marshal(entry)
			var c metav1.Condition
			_ = yaml.Unmarshal(raw, &c)
			out = append(out, c)
		}
	}
	add(obj.Object, "status", "conditions")
	targets, _, _ := unstructured.NestedSlice(obj.Object, "status", "targets")
	for _, target := range targets {
		if object, ok := target.(map[string]any); ok {
			add(object, "conditions")
		}
	}
	return out
}

// quiet waits until no write has been made for a while.
func (r *rig) quiet(w *writes) {
	r.t.Helper()
	last, since := -1, time.Now()
	r.eventually("quiet", func() string {
		if n := len(w.to("")); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < 3*settle {
			return fmt.Sprintf("%d writes", last)
		}
		return ""
	})
}

// shop is a mesh with one member namespace and a Service of two versions.
const shop = `
apiVersion: v1
kind: Namespace
metadata: {name: NS, labels: {mesh: NS}}
---
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec:
  provider: Istio
  mode: Adopted
  controlPlaneNamespace: NS-system
  members: {namespaceSelector: {matchLabels: {mesh: NS}}}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: NS}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v1, namespace: NS, labels: {app: reviews, version: v1}}
spec: {containers: [{name: reviews, image: reviews, ports: [{containerPort: 9080}]}, {name: istio-proxy, image: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v2, namespace: NS, labels: {app: reviews, version: v2}}
spec: {containers: [{name: reviews, image: reviews, ports: [{containerPort: 9080}]}, {name: istio-proxy, image: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-v3, namespace: NS, labels: {app: reviews, version: v3}}
spec: {containers: [{name: reviews, image: reviews, ports: [{containerPort: 9080}]}, {name: istio-proxy, image: proxy}]}
`

const split = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: reviews, namespace: NS}
spec:
  service: {name: reviews}
  backendRefs:
  - {subset: {labels: {version: v1}}, weight: 75}
  - {subset: {labels: {version: v2}}, weight: 25}
`

// native is the name of what a split of reviews becomes.
const native = "meshloom-reviews"
