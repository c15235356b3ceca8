package engine_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

const base = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {mesh: shop}}
---
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: shop}
spec: {provider: Istio, mode: Adopted, members: {namespaceSelector: {matchLabels: {mesh: shop}}}}
---
apiVersion: v1
kind: Service
metadata: {name: a, namespace: shop}
spec: {selector: {app: a}, ports: [{name: http, port: 80}]}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: a, namespace: shop, generation: 3}
spec:
  service: {name: a}
  backendRefs: [{subset: {labels: {version: v1}}, weight: 1}]
---
`

func policy(name, fields string) string {
	return "apiVersion: meshloom.io/v1alpha1\nkind: TrafficPolicy\nmetadata: {name: " + name + ", namespace: shop}\n" +
		"spec:\n  targetRefs: [{kind: Service, name: a}]\n  " + fields + "\n---\n"
}

var serviceKey = ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "shop", Name: "a"}

func newEngine(t *testing.T, manifests string, without ...string) *engine.Engine {
	t.Helper()
	providers := slices.DeleteFunc(all.Providers(), func(p translators.Provider) bool { return slices.Contains(without, p.Name) })
	for i := range providers {
		providers[i].Variants = slices.DeleteFunc(providers[i].Variants, func(v translators.Variant) bool {
			return v.DataPlane != "" && slices.Contains(without, v.DataPlane)
		})
	}
	set, err := manifest.Reader{Stdin: strings.NewReader(manifests)}.Read(manifest.Stdin)
	if err != nil {
		t.Fatal(err)
	}
	store := resolve.NewStore(engine.StoreOptions(providers))
	for _, o := range set.Objects {
		store.Upsert(o.Object)
	}
	return engine.New(engine.Config{Store: store, Providers: providers})
}

// compute computes the unit of Service shop/a over the manifests.
func compute(t *testing.T, manifests string) engine.Output {
	t.Helper()
	return newEngine(t, manifests).Compute(serviceKey)
}

func sources(out engine.Output) []string {
	var all []string
	for _, obj := range out.Objects {
		all = append(all, obj.GetObjectKind().GroupVersionKind().Kind+": "+obj.GetAnnotations()[engine.AnnotationSources])
	}
	return all
}

func TestComputeLeavesRejectedObjectsOut(t *testing.T) {
	out := compute(t, base+policy("limit", "rateLimit: {local: {requests: 1, per: Second}}\n  timeouts: {request: 9s}")+policy("pool", "connectionPool: {maxConnections: 7}"))
	want := []string{
		"DestinationRule: TrafficPolicy/shop/pool@0,TrafficSplit/shop/a@3",
		"VirtualService: TrafficSplit/shop/a@3",
	}
	if diff := cmp.Diff(want, sources(out)); diff != "" {
		t.Errorf("objects and their sources (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ir.Ref{{Kind: "TrafficPolicy", Namespace: "shop", Name: "limit"}}, out.Rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
}

func TestComputeIgnoresOnlyTheField(t *testing.T) {
	out := compute(t, base+policy("limit", "rateLimit: {local: {requests: 1, per: Second}}\n  timeouts: {request: 9s}\n  onUnsupported: Ignore"))
	if len(out.Rejected) != 0 {
		t.Errorf("rejected %v, want nothing", out.Rejected)
	}
	if got := sources(out); !slices.Contains(got, "VirtualService: TrafficPolicy/shop/limit@0,TrafficSplit/shop/a@3") {
		t.Errorf("the timeout of the policy is not in any of %v", got)
	}
	if !slices.ContainsFunc(out.Issues, func(i ir.Issue) bool {
		return i.Effect == ir.EffectPartial && i.Feature == ir.RateLimitLocal
	}) {
		t.Errorf("no issue says that the rate limit is left out: %v", out.Issues)
	}
}

func TestComputeOfAMissingUnit(t *testing.T) {
	out := compute(t, strings.Split(base, "apiVersion: meshloom.io/v1alpha1\nkind: TrafficSplit")[0])
	if out.Unit != nil || len(out.Objects) != 0 {
		t.Errorf("a unit nobody speaks of: unit %v, %d objects", out.Unit, len(out.Objects))
	}
}

func TestSourcesSurviveTheAnnotation(t *testing.T) {
	in := []ir.Source{
		{Ref: ir.Ref{Kind: "TrafficSplit", Namespace: "shop", Name: "a"}, Generation: 3, Field: "spec"},
		{Ref: ir.Ref{Kind: "Mesh", Name: "shop"}, Generation: 1},
		{},
	}
	want := []ir.Source{in[1], {Ref: in[0].Ref, Generation: 3}}
	if diff := cmp.Diff(want, engine.ParseSources(engine.FormatSources(append(in, in...)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, hostile := range []string{"", ",", "a", "a/b/c/d@1", "@", "//@x", strings.Repeat("/", 99)} {
		engine.ParseSources(hostile)
	}
}

func TestMergeReportsContradictions(t *testing.T) {
	ref := translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "shop"}
	from := func(name string) ir.Source {
		return ir.Source{Ref: ir.Ref{Kind: "Mesh", Name: name}}
	}
	label := []string{"metadata", "labels", "in"}
	shared, issues := engine.Merge([]translators.Contribution{
		{Object: ref, Path: label, Value: "b", Source: from("b")},
		{Object: ref, Path: label, Value: "a", Source: from("a")},
		{Object: ref, Path: []string{"metadata", "labels", "x"}, Value: "1", Source: from("c")},
	})
	if len(shared) != 1 || len(issues) != 1 || issues[0].Source.Name != "b" {
		t.Fatalf("%d objects and issues %v, want one of each, about b", len(shared), issues)
	}
	if got := shared[0].Object.GetLabels(); got["in"] != "a" || got["x"] != "1" {
		t.Errorf("labels %v, want in=a and x=1", got)
	}
}

// TestWhatIsNotOfferedIsRefused shows that a Mesh which asks for what nobody
// does is told so, and that nothing is programmed in the wrong words.
func TestWhatIsNotOfferedIsRefused(t *testing.T) {
	mesh := ir.Ref{Kind: "Mesh", Name: "shop"}
	tests := []struct {
		name, to string
		// check is the code that the Mesh gets, "" for none; objects is whether
		// the unit of the Service is programmed.
		check   string
		objects bool
		// without is a data plane or a provider that nobody offers here.
		without string
	}{
		{name: "adopted sidecars", to: "provider: Istio, mode: Adopted, dataPlane: Sidecar", objects: true},
		{name: "adopted proxies of nodes", to: "provider: Istio, mode: Adopted, dataPlane: Ambient", objects: true},
		{name: "an installation", to: "provider: Istio, mode: Managed", objects: true},
		{name: "an installation by nobody", to: "provider: Linkerd, mode: Managed", check: resolve.CodeNotInstalled, without: "Linkerd"},
		{name: "a data plane", to: "provider: Istio, mode: Adopted, dataPlane: Ambient", without: "Ambient"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			manifests := strings.Replace(base, "provider: Istio, mode: Adopted", tt.to, 1)
			e := newEngine(t, manifests, tt.without)
			_, issues := e.Store().Check(mesh)
			var codes []string
			for _, issue := range issues {
				codes = append(codes, issue.Code)
			}
			if got := strings.Join(codes, " "); got != tt.check {
				t.Errorf("Check of the Mesh: %q, want %q", got, tt.check)
			}
			out := e.Compute(serviceKey)
			if got := len(out.Objects) > 0; got != tt.objects || !tt.objects && len(out.Rejected) == 0 {
				t.Errorf("%d objects, rejected %v, want objects: %v", len(out.Objects), out.Rejected, tt.objects)
			}
		})
	}
}

// TestAdoptedMeshKnowsItsMembers shows that a Mesh without members has those
// namespaces that the mesh itself takes for members, and marks none.
func TestAdoptedMeshKnowsItsMembers(t *testing.T) {
	for label, member := range map[string]bool{
		"istio-injection: enabled": true, "istio.io/rev: canary": true, "mesh: shop": false,
		"istio-injection: disabled, istio.io/rev: canary": false,
	} {
		manifests := strings.NewReplacer("labels: {mesh: shop}", "labels: {"+label+"}",
			", members: {namespaceSelector: {matchLabels: {mesh: shop}}}", "").Replace(base)
		e := newEngine(t, manifests)
		if got := len(e.Compute(serviceKey).Objects) > 0; got != member {
			t.Errorf("%s: programmed %v, want %v", label, got, member)
		}
		if out := e.Compute(ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "shop"}); len(out.Contributions) > 0 {
			t.Errorf("%s: contributes %v to a namespace that others labelled", label, out.Contributions)
		}
	}
}
