package apply

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/envtest"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestMain(m *testing.M) {
	source, err := binaries.ModuleDir(context.Background(), "istio", "istio.io/istio")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(envtest.Main(m, filepath.Join(source, "manifests", "charts", "base", "files", "crd-all.gen.yaml")))
}

var (
	virtualServices  = networkingv1.SchemeGroupVersion.WithKind("VirtualService")
	destinationRules = networkingv1.SchemeGroupVersion.WithKind("DestinationRule")
	services         = corev1.SchemeGroupVersion.WithKind("Service")
	split            = ir.Source{Ref: ir.Ref{Kind: "TrafficSplit", Namespace: "default", Name: "reviews"}, Generation: 1}
)

// rig is one unit in front of a real API server.
type rig struct {
	t      *testing.T
	key    ir.Key
	client dynamic.Interface
	writer *Writer
	writes int
}

func newRig(t *testing.T) *rig {
	t.Helper()
	cfg := envtest.Config(t)
	httpClient, err := rest.HTTPClientFor(cfg)
	if err != nil {
		t.Fatal(err)
	}
	mapper, err := apiutil.NewDynamicRESTMapper(cfg, httpClient)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, client: dynamic.NewForConfigOrDie(cfg), key: ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "default", Name: t.Name()}}
	r.writer = &Writer{
		Client: r.client, Mapper: mapper, Cache: NewCache(), Catalog: NewCatalog(all.Providers()),
		Wrote: func(Verb, string) { r.writes++ },
	}
	return r
}

// stamped gives the objects the marks of the rig's unit.
func (r *rig) stamped(objects ...client.Object) []translators.Object {
	out := make([]translators.Object, 0, len(objects))
	for _, obj := range objects {
		obj.SetLabels(map[string]string{engine.LabelManagedBy: engine.ManagedBy, engine.LabelUnit: r.key.Hash()})
		obj.SetAnnotations(map[string]string{
			engine.AnnotationUnit: r.key.String(), engine.AnnotationSources: engine.FormatSources([]ir.Source{split}),
		})
		out = append(out, translators.Object{Object: obj, Sources: []ir.Source{split}})
	}
	return out
}

func (r *rig) plan(objects []translators.Object) Plan {
	r.t.Helper()
	plan, err := Make(Input{
		Key: r.key, Objects: objects, Live: r.writer.Cache.Of(r.key, objects), Settled: true, Prune: Allow, Catalog: r.writer.Catalog,
		View: r.writer.Cache.View(r.key, func(schema.GroupVersionKind) bool { return true }, func(string) bool { return false }),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return plan
}

// apply plans and writes until nothing is left, and returns the rounds.
func (r *rig) apply(objects []translators.Object) {
	r.t.Helper()
	for range 5 {
		plan := r.plan(objects)
		if len(plan.Steps) == 0 {
			return
		}
		if _, _, err := r.writer.Run(r.t.Context(), plan); err != nil {
			r.t.Fatal(err)
		}
	}
	r.t.Fatalf("not settled: %+v", r.plan(objects).Steps)
}

func (r *rig) resource(kind schema.GroupVersionKind) dynamic.ResourceInterface {
	r.t.Helper()
	resource, err := r.writer.resource(translators.ObjectRef{GroupVersionKind: kind, Namespace: "default"})
	if err != nil {
		r.t.Fatal(err)
	}
	return resource
}

func (r *rig) get(kind schema.GroupVersionKind, name string) *unstructured.Unstructured {
	r.t.Helper()
	obj, err := r.resource(kind).Get(r.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	return obj
}

// patch edits by hand and shows the result to the cache, as a watch does.
func (r *rig) patch(kind schema.GroupVersionKind, name, patch string) {
	r.t.Helper()
	obj, err := r.resource(kind).Patch(r.t.Context(), name, types.JSONPatchType, []byte(patch), metav1.PatchOptions{FieldManager: "hand"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.see(obj)
}

func (r *rig) see(obj *unstructured.Unstructured) *Live {
	r.t.Helper()
	live, err := NewLive(obj, r.writer.Catalog)
	if err != nil {
		r.t.Fatal(err)
	}
	r.writer.Cache.Put(live)
	return live
}

func virtualService(name string, weight int32) *networkingv1.VirtualService {
	return &networkingv1.VirtualService{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "VirtualService"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: networking.VirtualService{
			Hosts: []string{name + ".default.svc.cluster.local"},
			Http: []*networking.HTTPRoute{{Name: "rest", Route: []*networking.HTTPRouteDestination{
				{Destination: &networking.Destination{Host: name, Subset: "v1"}, Weight: weight},
				{Destination: &networking.Destination{Host: name, Subset: "v2"}, Weight: 100 - weight},
			}}},
		},
	}
}

func destinationRule(name string, subsets ...string) *networkingv1.DestinationRule {
	rule := &networkingv1.DestinationRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.istio.io/v1", Kind: "DestinationRule"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: networking.DestinationRule{Host: name, TrafficPolicy: &networking.TrafficPolicy{
			OutlierDetection: &networking.OutlierDetection{MaxEjectionPercent: 50},
		}},
	}
	for _, subset := range subsets {
		rule.Spec.Subsets = append(rule.Spec.Subsets, &networking.Subset{Name: subset, Labels: map[string]string{"version": subset}})
	}
	return rule
}

func service(name string) *corev1.Service {
	return &corev1.Service{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}
}
