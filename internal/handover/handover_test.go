package handover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/ir"
)

// native is an object of a unit, made from sources, as the API server keeps it.
func native(name string, key ir.Key, sources string) *unstructured.Unstructured {
	obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService"}}
	obj.SetNamespace("shop")
	obj.SetName(name)
	obj.SetLabels(map[string]string{engine.LabelManagedBy: engine.ManagedBy, engine.LabelUnit: key.Hash(), "theirs": "stays"})
	obj.SetAnnotations(map[string]string{engine.AnnotationUnit: key.String(), engine.AnnotationSources: sources, "theirs": "stays"})
	fields := `{"f:metadata":{"f:labels":{"f:app.kubernetes.io/managed-by":{},"f:meshloom.io/unit":{}}}}`
	obj.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: apply.FieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)},
	})
	return obj
}

func TestMake(t *testing.T) {
	service := ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "shop", Name: "reviews"}
	namespace := ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "shop"}
	route := ir.Key{Kind: ir.KindRoute, Namespace: "shop", Name: "public", Listener: "web", Hostname: "a"}
	foreign := native("foreign", service, "TrafficSplit/shop/reviews@1")
	foreign.SetManagedFields(nil)
	live := []*unstructured.Unstructured{
		native("split", service, "TrafficSplit/shop/reviews@1"),
		native("both", service, "TrafficPolicy/shop/reviews@1,TrafficSplit/shop/reviews@1"),
		native("mtls", namespace, "Mesh/shop@1"),
		native("whole", namespace, "AccessPolicy/shop/all@1"),
		native("route", route, "GatewayRoute/shop/r@1"),
		foreign,
	}
	split, policy := ir.Ref{Kind: "TrafficSplit", Namespace: "shop", Name: "reviews"}, ir.Ref{Kind: "TrafficPolicy", Namespace: "shop", Name: "reviews"}
	for name, tt := range map[string]struct {
		released []ir.Ref
		want     []string
		held     []string
	}{
		"a split":            {[]ir.Ref{split}, []string{"split"}, []string{"both"}},
		"with its policy":    {[]ir.Ref{split, policy}, []string{"both", "split"}, nil},
		"a mesh":             {[]ir.Ref{{Kind: "Mesh", Name: "shop"}}, []string{"mtls"}, []string{"whole"}},
		"a gateway":          {[]ir.Ref{{Kind: "IngressGateway", Namespace: "shop", Name: "public"}}, nil, []string{"route"}},
		"nothing made of it": {[]ir.Ref{{Kind: "TrafficSplit", Namespace: "shop", Name: "other"}}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Make(live, tt.released)
			if err != nil {
				t.Fatal(err)
			}
			var objects, held []string
			for _, obj := range plan.Objects {
				objects = append(objects, obj.GetName())
			}
			for _, h := range plan.Held {
				held = append(held, h.Object.Name)
			}
			if diff := cmp.Diff(tt.want, objects); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.held, held); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStripTakesOursAlone(t *testing.T) {
	obj := native("split", ir.Key{Kind: ir.KindService}, "TrafficSplit/shop/reviews@1")
	theirs := metav1.ManagedFieldsEntry{Manager: "them", Operation: metav1.ManagedFieldsOperationUpdate}
	obj.SetManagedFields(append(obj.GetManagedFields(), theirs))
	out := Strip(obj)
	want := map[string]string{"theirs": "stays"}
	if !cmp.Equal(out.GetLabels(), want) || !cmp.Equal(out.GetAnnotations(), want) {
		t.Errorf("labels %v, annotations %v", out.GetLabels(), out.GetAnnotations())
	}
	if diff := cmp.Diff([]metav1.ManagedFieldsEntry{theirs}, out.GetManagedFields()); diff != "" {
		t.Errorf("managed fields (-want +got):\n%s", diff)
	}
	if live, err := apply.NewLive(out, apply.Catalog{}); err != nil || live.Ours {
		t.Errorf("still ours: %v", err)
	}
	if len(Strip(native("x", ir.Key{}, "")).GetManagedFields()) != 1 {
		t.Error("an empty list of managed fields would bring ours back")
	}
}

func TestShareNamesOursAlone(t *testing.T) {
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	ns.SetName("shop")
	ns.SetLabels(map[string]string{"mark": "on", "team": "a"})
	ns.SetAnnotations(map[string]string{"revision": "r"})
	entry := func(manager, fields string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, Operation: metav1.ManagedFieldsOperationApply, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(fields)}
	}
	ns.SetManagedFields([]metav1.ManagedFieldsEntry{
		entry("meshloom", `{"f:metadata":{"f:labels":{"f:mark":{}}}}`),
		entry("meshloom-installer", `{"f:metadata":{"f:annotations":{"f:revision":{}}}}`),
		entry("kubectl", `{"f:metadata":{"f:labels":{"f:team":{}}}}`),
	})
	out, err := Share(ns)
	if err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(out.GetLabels(), map[string]string{"mark": "on"}) || !cmp.Equal(out.GetAnnotations(), map[string]string{"revision": "r"}) {
		t.Errorf("held: labels %v, annotations %v", out.GetLabels(), out.GetAnnotations())
	}
	ns.SetManagedFields(nil)
	if out, err := Share(ns); err != nil || out != nil {
		t.Errorf("of nothing: %v, %v", out, err)
	}
}
