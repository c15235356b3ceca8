package resolve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// cluster is a mesh with one namespace of n Services, each of two versions, with
// a TrafficSplit; of the first one there is a GatewayRoute on two hosts.
func cluster(t testing.TB, n int) *Store {
	t.Helper()
	store := NewStore(testOptions)
	for _, name := range []string{"mesh", "gateway"} {
		for _, obj := range decode(t, readFile(t, "testdata/with/"+name+".yaml")) {
			store.Upsert(obj)
		}
	}
	for _, template := range decode(t, []byte(oneService)) {
		data, err := json.Marshal(template)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			obj := reflect.New(reflect.TypeOf(template).Elem()).Interface().(client.Object)
			if err := json.Unmarshal(bytes.ReplaceAll(data, []byte("$"), []byte(fmt.Sprint(i))), obj); err != nil {
				t.Fatal(err)
			}
			store.Upsert(obj)
		}
	}
	for _, obj := range decode(t, []byte(oneRoute)) {
		store.Upsert(obj)
	}
	for _, key := range store.Keys() {
		if unit, _ := store.Resolve(key, Exclusions{}); unit == nil {
			t.Fatalf("no unit %s", key)
		}
	}
	return store
}

const oneService = `
apiVersion: v1
kind: Service
metadata: {name: s$, namespace: shop}
spec: {selector: {app: s$}, ports: [{name: http, port: 80, targetPort: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: s$-1, namespace: shop, labels: {app: s$, version: v1, pod-template-hash: a}}
spec: {serviceAccountName: s$, containers: [{name: main, ports: [{name: web, containerPort: 8080}]}, {name: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: s$-2, namespace: shop, labels: {app: s$, version: v2, pod-template-hash: b}}
spec: {serviceAccountName: s$, containers: [{name: main, ports: [{name: web, containerPort: 8080}]}, {name: proxy}]}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: s$, namespace: shop}
spec:
  service: {name: s$}
  backendRefs: [{subset: {labels: {version: v1}}, weight: 1}, {subset: {labels: {version: v2}}, weight: 1}]
---
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: s$, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: s$}]
  action: Allow
  rules: [{from: [{service: {name: s0}}]}]
`

const oneRoute = `
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: s0, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge}]
  hostnames: [a.shop.example, b.shop.example]
  rules: [{backendRefs: [{name: s0, port: 80}]}]
`

// edit is the split of a Service with another weight.
func edit(store *Store, service string, weight int32) *v1alpha1.TrafficSplit {
	obj, _ := store.Object(ir.Ref{Kind: v1alpha1.KindTrafficSplit, Namespace: "shop", Name: service})
	split := obj.(*v1alpha1.TrafficSplit).DeepCopy()
	split.Spec.BackendRefs[0].Weight = &weight
	split.Generation++
	return split
}

func serviceUnitKey(name string) ir.Key {
	return ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "shop", Name: name}
}

func routeUnitKey(host string) ir.Key {
	return ir.Key{Kind: ir.KindRoute, Namespace: "edge", Name: "public", Listener: "web", Hostname: host}
}

// TestAffected counts the units that events concern: exactly those that read
// what they change, however many there are.
func TestAffected(t *testing.T) {
	store := cluster(t, 200)
	namespace := ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "shop"}
	access := func(name string) ir.Key {
		return ir.Key{Kind: ir.KindAccess, Mesh: "shop", Namespace: "shop", Name: name}
	}
	pod := func(name, version, hash string, phase corev1.PodPhase) *corev1.Pod {
		obj, _ := store.Object(ir.Ref{Kind: "Pod", Namespace: "shop", Name: name})
		p := obj.(*corev1.Pod).DeepCopy()
		p.Labels["version"], p.Labels["pod-template-hash"], p.Status.Phase = version, hash, phase
		return p
	}
	moved := func() []ir.Key {
		obj, _ := store.Object(namespaceRef("shop"))
		ns := obj.(*corev1.Namespace).DeepCopy()
		ns.Annotations = map[string]string{v1alpha1.AnnotationRevision: "next"}
		return store.Upsert(ns)
	}
	cases := []struct {
		name string
		act  func() []ir.Key
		want []ir.Key
	}{
		{"an edit of a split", func() []ir.Key { return store.Upsert(edit(store, "s7", 3)) }, []ir.Key{serviceUnitKey("s7")}},
		{
			"an edit of a split that routes inline", func() []ir.Key { return store.Upsert(edit(store, "s0", 3)) },
			[]ir.Key{routeUnitKey("a.shop.example"), routeUnitKey("b.shop.example"), serviceUnitKey("s0")},
		},
		{"the same split again", func() []ir.Key { return store.Upsert(edit(store, "s7", 3)) }, []ir.Key{serviceUnitKey("s7")}},
		{"a new revision of the same pods", func() []ir.Key { return store.Upsert(pod("s9-1", "v1", "c", corev1.PodRunning)) }, nil},
		{
			"a pod of another version", func() []ir.Key { return store.Upsert(pod("s9-1", "v3", "c", corev1.PodRunning)) },
			[]ir.Key{access("s9"), namespace, serviceUnitKey("s9")},
		},
		{
			"a pod that ends", func() []ir.Key { return store.Upsert(pod("s9-1", "v3", "c", corev1.PodSucceeded)) },
			[]ir.Key{access("s9"), namespace, serviceUnitKey("s9")},
		},
		{"a revision that is recorded on a member", moved, []ir.Key{namespace}},
		{"the same revision again", moved, nil},
		{"an object that was never there", func() []ir.Key { return store.Delete(&corev1.Pod{}) }, nil},
	}
	for _, c := range cases {
		got := c.act()
		if len(got)+len(c.want) > 0 && !cmp.Equal(got, c.want) {
			t.Errorf("%s: affected %v, want %v", c.name, got, c.want)
		}
		for _, key := range got {
			store.Resolve(key, Exclusions{})
		}
	}
}

// TestAddressIsAnEvent holds that an address of a gateway reaches all that shows
// it.
func TestAddressIsAnEvent(t *testing.T) {
	store := cluster(t, 1)
	obj, _ := store.Object(serviceRef("edge", "public"))
	svc := obj.(*corev1.Service).DeepCopy()
	svc.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: "lb.example"}}
	gateway := ir.Key{Kind: ir.KindGateway, Namespace: "edge", Name: "public"}
	want := []ir.Key{gateway, routeUnitKey("a.shop.example"), routeUnitKey("b.shop.example")}
	if diff := cmp.Diff(want, store.Upsert(svc)); diff != "" {
		t.Errorf("affected (-want +got):\n%s", diff)
	}
	unit, _ := store.Resolve(gateway, Exclusions{})
	if diff := cmp.Diff([]string{"lb.example"}, unit.Gateway.Workload.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

// TestStrictFollowsPods holds that Strict mTLS is withheld in every member as
// soon as a pod of one lacks the proxy, and no longer.
func TestStrictFollowsPods(t *testing.T) {
	store := NewStore(testOptions)
	for _, obj := range decode(t, readFile(t, "testdata/strict-withheld.in.yaml")) {
		store.Upsert(obj)
	}
	for _, obj := range decode(t, readFile(t, "testdata/with/governed.yaml")) {
		store.Upsert(obj)
	}
	a := ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "a"}
	access := ir.Key{Kind: ir.KindAccess, Mesh: "shop", Namespace: "a", Name: "web"}
	mode := func() ir.MTLSMode {
		unit, _ := store.Resolve(a, Exclusions{})
		governed, issues := store.Resolve(access, Exclusions{})
		if governed.Access.Strict != (unit.Namespace.MTLS.Mode == ir.MTLSStrict) || len(issues) > 0 {
			t.Fatalf("access is strict: %v in mode %s, with %v", governed.Access.Strict, unit.Namespace.MTLS.Mode, issues)
		}
		return unit.Namespace.MTLS.Mode
	}
	pod, _ := store.Object(ir.Ref{Kind: kindPod, Namespace: "b", Name: "without"})
	for range 2 {
		if got := mode(); got != ir.MTLSPermissive {
			t.Fatalf("mode is %s with a pod outside of the mesh", got)
		}
		if affected := store.Delete(pod); !slices.Contains(affected, a) || !slices.Contains(affected, access) {
			t.Fatalf("the end of a pod in another member affects %v", affected)
		}
		if got := mode(); got != ir.MTLSStrict {
			t.Fatalf("mode is %s without a pod outside of the mesh", got)
		}
		if affected := store.Upsert(pod); !slices.Contains(affected, a) || !slices.Contains(affected, access) {
			t.Fatalf("a pod in another member affects %v", affected)
		}
	}
}

// TestMemberMarksAreEvents holds that an annotation by which an adopted mesh knows
// its members is looked at again when it changes.
func TestMemberMarksAreEvents(t *testing.T) {
	options := testOptions
	options.Member = func(_ *v1alpha1.Mesh, ns *corev1.Namespace) bool {
		return ns.Annotations["example.com/mark"] == "enabled"
	}
	store := NewStore(options)
	mesh := &v1alpha1.Mesh{ObjectMeta: metav1.ObjectMeta{Name: "shop"}, Spec: v1alpha1.MeshSpec{Provider: "Istio", Mode: v1alpha1.ModeAdopted}}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	store.Upsert(mesh)
	store.Upsert(ns)
	marked := ns.DeepCopy()
	marked.Annotations = map[string]string{"example.com/mark": "enabled"}
	want := ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "a"}
	if affected := store.Upsert(marked); !slices.Contains(affected, want) {
		t.Errorf("a mark affects %v, want the member", affected)
	}
	if affected := store.Upsert(ns); !slices.Contains(affected, want) {
		t.Errorf("the end of a mark affects %v, want the member", affected)
	}
}

// TestStatusIsNoEvent holds that writing status wakes nobody.
func TestStatusIsNoEvent(t *testing.T) {
	store := cluster(t, 3)
	store.Rechecks()
	split := edit(store, "s1", 1)
	split.Generation--
	split.Status.ObservedGeneration = 9
	if got := store.Upsert(split); len(got) > 0 {
		t.Errorf("a status affects %v", got)
	}
	if got := store.Rechecks(); len(got) > 0 {
		t.Errorf("a status makes %v stale", got)
	}
	obj, _ := store.Object(ir.Ref{Kind: v1alpha1.KindMesh, Name: "shop"})
	mesh := obj.(*v1alpha1.Mesh).DeepCopy()
	mesh.Status.Version = "1.31"
	if got := store.Upsert(mesh); len(got) > 0 {
		t.Errorf("a status of a Mesh affects %v", got)
	}
}

// TestMeshEdit holds that an edit of a Mesh that says nothing about services
// wakes the units that have it for their source, and no others.
func TestMeshEdit(t *testing.T) {
	store := cluster(t, 50)
	obj, _ := store.Object(ir.Ref{Kind: v1alpha1.KindMesh, Name: "shop"})
	mesh := obj.(*v1alpha1.Mesh).DeepCopy()
	mesh.Generation++
	mesh.Spec.Egress = &v1alpha1.MeshEgress{Default: v1alpha1.DefaultDeny}
	for _, key := range store.Upsert(mesh) {
		if key.Kind == ir.KindService || key.Kind == ir.KindAccess {
			t.Errorf("an edit of the mesh's egress affects %s", key)
		}
	}
}

// TestGeneratedServicesAreNoInput holds that Services of ours are not read.
func TestGeneratedServicesAreNoInput(t *testing.T) {
	store := cluster(t, 1)
	svc := &corev1.Service{}
	svc.Name, svc.Namespace = "s0-abc", "shop"
	svc.Labels = map[string]string{"app.kubernetes.io/managed-by": "meshloom", "meshloom.io/unit": "x"}
	svc.Spec.Selector = map[string]string{"app": "s0"}
	if got := store.Upsert(svc); len(got) > 0 {
		t.Errorf("a generated Service affects %v", got)
	}
	if got := store.Refs("Service"); slices.ContainsFunc(got, func(r ir.Ref) bool { return r.Name == svc.Name }) {
		t.Errorf("a generated Service is kept: %v", got)
	}
}

// TestCostIsFlat holds an edit with all that follows from it to the same work at
// 100 services as at 3 000, counted in allocations.
func TestCostIsFlat(t *testing.T) {
	small, large := allocations(t, 100), allocations(t, 2000)
	if large > small*1.1 {
		t.Errorf("an edit takes %.0f allocations at 2000 services and %.0f at 100", large, small)
	}
}

func allocations(t *testing.T, n int) float64 {
	t.Helper()
	store := cluster(t, n)
	return testing.AllocsPerRun(50, editor(store))
}

// editor edits a split, takes a pod away and brings it back, and resolves what
// is affected but for the namespace, which lists its workloads.
func editor(store *Store) func() {
	obj, _ := store.Object(ir.Ref{Kind: "Pod", Namespace: "shop", Name: "s5-1"})
	weight := int32(0)
	return func() {
		weight++
		affected := slices.Concat(store.Upsert(edit(store, "s5", weight)), store.Delete(obj), store.Upsert(obj))
		for _, key := range affected {
			if key.Kind != ir.KindNamespace {
				store.Resolve(key, Exclusions{})
			}
		}
	}
}

// BenchmarkEdit measures one edit with all that follows from it.
func BenchmarkEdit(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			run := editor(cluster(b, n))
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// BenchmarkResolve measures units a second.
func BenchmarkResolve(b *testing.B) {
	store := cluster(b, 1000)
	keys := slices.DeleteFunc(store.Keys(), func(k ir.Key) bool { return k.Kind != ir.KindService })
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		store.Resolve(keys[i%len(keys)], Exclusions{})
		i++
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	store := cluster(t, 20)
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			r := newRandom(uint64(w))
			for i := range 100 {
				service := fmt.Sprint("s", r.IntN(20))
				for _, key := range store.Upsert(edit(store, service, int32(i))) {
					store.Resolve(key, Exclusions{})
				}
				store.Check(ir.Ref{Kind: v1alpha1.KindTrafficSplit, Namespace: "shop", Name: service})
				store.Rechecks()
				store.KeysOf(ir.Ref{Kind: v1alpha1.KindTrafficSplit, Namespace: "shop", Name: service})
			}
		})
	}
	group.Wait()
}

// TestCodes holds that every code is documented once, with a reason of the API.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Codes() {
		if seen[c.ID] || c.Reason == "" || !strings.HasSuffix(c.Doc, ".") || !strings.HasPrefix(c.ID, "ML1") {
			t.Errorf("code %+v is doubled or incomplete", c)
		}
		seen[c.ID] = true
	}
}
