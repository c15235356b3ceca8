// Package rig gives tests a real API server with a user who applies YAML and an
// operator that runs in the test's process, and counts what the operator
// writes. Each test has a namespace and a mesh of its own.
package rig

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
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

// Main runs the tests of a package against a server with the CRDs of the
// unified API, whose folder is relative to the package, and of Istio.
func Main(m *testing.M, crds string) int {
	source, err := binaries.ModuleDir(context.Background(), "istio", "istio.io/istio")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctrl.SetLogger(logr.Discard())
	return envtest.Main(m, crds, filepath.Join(source, "manifests", "charts", "base", "files", "crd-all.gen.yaml"))
}

// The native kinds of these tests.
var (
	VirtualServices  = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}
	DestinationRules = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"}
)

// Settle is long enough to see that something waits, and no longer.
const Settle = 300 * time.Millisecond

// Rig is a cluster with a user and, now and then, an operator.
type Rig struct {
	t      *testing.T
	Config *rest.Config
	Client client.Client
	// Namespace is the test's own; its mesh has the same name.
	Namespace string
	// CertificateNamespaces are those whose Secrets operators read that start
	// from now on; nil is all.
	CertificateNamespaces []string
	// Providers are those of operators that start from now on.
	Providers []translators.Provider
	// Fetches fetches the charts of installers that start from now on; nil is
	// the usual client.
	Fetches *http.Client
}

// New returns a rig for a test, named after it.
func New(t *testing.T) *Rig {
	t.Helper()
	cfg := envtest.Config(t)
	c, err := client.New(cfg, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &Rig{t: t, Config: cfg, Client: c, Namespace: strings.ToLower(t.Name()), Providers: all.Providers()}
}

// Operator is a running operator.
type Operator struct {
	Writes *Writes
	// Stop ends it and waits for its end.
	Stop func()

	primed <-chan struct{}
}

// Operate runs an operator until it is stopped or the test ends.
func (r *Rig) Operate() *Operator {
	r.t.Helper()
	return r.OperateOver(func(next http.RoundTripper) http.RoundTripper { return next })
}

// OperateOver runs an operator whose requests go through faults.
func (r *Rig) OperateOver(faults func(http.RoundTripper) http.RoundTripper) *Operator {
	r.t.Helper()
	cfg := rest.CopyConfig(r.Config)
	w := &Writes{}
	cfg.Wrap(func(next http.RoundTripper) http.RoundTripper { return w.over(faults(next)) })
	scheme, err := controllers.Scheme()
	if err != nil {
		r.t.Fatal(err)
	}
	opts := controllers.Options{Providers: r.Providers, Workers: 4, Settle: Settle, CertificateNamespaces: r.CertificateNamespaces, Registerer: prometheus.NewRegistry()}
	skip := true
	mgr, err := ctrl.NewManager(cfg, ctrl.Options{
		Scheme: scheme, Cache: controllers.Cache(opts), Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		Controller: config.Controller{SkipNameValidation: &skip},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	progress, err := controllers.Add(mgr, opts)
	if err != nil {
		r.t.Fatal(err)
	}
	return &Operator{Writes: w, Stop: r.run(mgr), primed: progress.Primed}
}

// Writes counts requests that change something.
type Writes struct {
	mu   sync.Mutex
	seen []string
}

func (w *Writes) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			w.mu.Lock()
			w.seen = append(w.seen, req.Method+" "+req.URL.Path)
			w.mu.Unlock()
		}
		return next.RoundTrip(req)
	})
}

// To returns the writes to paths that contain the part.
func (w *Writes) To(part string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.seen), func(s string) bool { return !strings.Contains(s, part) })
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Apply applies YAML as the user does. NS in it stands for the test's namespace.
func (r *Rig) Apply(text string) {
	r.t.Helper()
	if err := r.TryApply(text); err != nil {
		r.t.Fatal(err)
	}
}

// TryApply is Apply where the API server may refuse.
func (r *Rig) TryApply(text string) error {
	for document := range strings.SplitSeq(strings.ReplaceAll(text, "NS", r.Namespace), "\n---") {
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), obj); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		if err := r.Client.Patch(r.t.Context(), obj, client.Apply, client.FieldOwner("user"), client.ForceOwnership); err != nil { //nolint:staticcheck // The typed form takes no unstructured objects.
			return fmt.Errorf("apply %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	return nil
}

// Get returns an object of the test's namespace.
func (r *Rig) Get(gvk schema.GroupVersionKind, name string) (*unstructured.Unstructured, error) {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	err := r.Client.Get(r.t.Context(), types.NamespacedName{Namespace: r.Namespace, Name: name}, obj)
	return obj, err
}

// MustGet is Get of an object that is there.
func (r *Rig) MustGet(gvk schema.GroupVersionKind, name string) *unstructured.Unstructured {
	r.t.Helper()
	obj, err := r.Get(gvk, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return obj
}

// Delete deletes an object of the test's namespace.
func (r *Rig) Delete(gvk schema.GroupVersionKind, name string) {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(gvk)
	obj.SetNamespace(r.Namespace)
	obj.SetName(name)
	if err := r.Client.Delete(r.t.Context(), obj); err != nil {
		r.t.Fatal(err)
	}
}

// Patch edits an object by hand.
func (r *Rig) Patch(gvk schema.GroupVersionKind, name, patch string) {
	r.t.Helper()
	obj := r.MustGet(gvk, name)
	if err := r.Client.Patch(r.t.Context(), obj, client.RawPatch(types.JSONPatchType, []byte(patch)), client.FieldOwner("hand")); err != nil {
		r.t.Fatal(err)
	}
}

// Eventually waits until f has nothing to say.
func (r *Rig) Eventually(what string, f func() string) {
	r.t.Helper()
	r.EventuallyIn(30, what, f)
}

// EventuallyIn is Eventually within so many seconds.
func (r *Rig) EventuallyIn(seconds int, what string, f func() string) {
	r.t.Helper()
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
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

// Exists waits for an object to be there, or to be gone.
func (r *Rig) Exists(gvk schema.GroupVersionKind, name string, want bool) {
	r.t.Helper()
	r.Eventually(fmt.Sprintf("%s %s exists: %v", gvk.Kind, name, want), func() string {
		_, err := r.Get(gvk, name)
		if err != nil && !apierrors.IsNotFound(err) {
			return err.Error()
		}
		if (err == nil) != want {
			return "not so"
		}
		return ""
	})
}

// List returns the objects of a kind in the test's namespace.
func (r *Rig) List(gvk schema.GroupVersionKind) []unstructured.Unstructured {
	r.t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk)
	if err := r.Client.List(r.t.Context(), list, client.InNamespace(r.Namespace)); err != nil {
		r.t.Fatal(err)
	}
	return list.Items
}

// Condition waits until an object, or a target of it, has a condition: as in
// "Ready=False/Conflicted".
func (r *Rig) Condition(kind, name, want string) {
	r.t.Helper()
	r.Eventually(kind+" "+name+" "+want, func() string {
		obj, err := r.Get(v1alpha1.GroupVersion.WithKind(kind), name)
		if err != nil {
			return err.Error()
		}
		found := ConditionsOf(obj)
		for _, c := range found {
			if c.Type+"="+string(c.Status)+"/"+c.Reason == want && c.ObservedGeneration == obj.GetGeneration() {
				return ""
			}
		}
		return fmt.Sprintf("has %+v", found)
	})
}

// ConditionsOf returns the conditions of an object and those of its targets.
func ConditionsOf(obj *unstructured.Unstructured) []metav1.Condition {
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

// Quiet waits until the operator has run every unit and has written nothing
// for a while.
func (r *Rig) Quiet(op *Operator) {
	r.t.Helper()
	last, since := -1, time.Now()
	r.Eventually("quiet", func() string {
		select {
		case <-op.primed:
		default:
			since = time.Now()
			return "not all units have run"
		}
		if n := len(op.Writes.To("")); n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < 4*Settle {
			return fmt.Sprintf("%d writes", last)
		}
		return ""
	})
}

// Shop is a mesh with one member namespace and a Service of two versions.
const Shop = `
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

// Split divides the requests to reviews between two versions.
const Split = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: reviews, namespace: NS}
spec:
  service: {name: reviews}
  backendRefs:
  - {subset: {labels: {version: v1}}, weight: 75}
  - {subset: {labels: {version: v2}}, weight: 25}
`

// Native is the name of what a split of reviews becomes.
const Native = "meshloom-reviews"
