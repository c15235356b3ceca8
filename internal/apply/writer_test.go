package apply

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
)

func TestWhatIsWrittenIsNotWrittenAgain(t *testing.T) {
	r := newRig(t)
	objects := r.stamped(destinationRule("same", "v1", "v2"), virtualService("same", 75), service("same"))
	r.apply(objects)
	if r.writes != 3 {
		t.Errorf("%d writes for 3 objects", r.writes)
	}
	restarted := newRig(t)
	for _, obj := range []*unstructured.Unstructured{
		r.get(destinationRules, "same"), r.get(virtualServices, "same"), r.get(services, "same"),
	} {
		if live := restarted.see(obj); !live.Ours {
			t.Errorf("%s is not recognised as ours", obj.GetKind())
		}
	}
	if steps := restarted.plan(objects).Steps; len(steps) > 0 {
		t.Errorf("a restart would write %+v", steps)
	}
}

func TestHandEditsAreRepaired(t *testing.T) {
	cases := map[string]struct {
		kind   schema.GroupVersionKind
		patch  string
		writes int
	}{
		"value changed": {virtualServices, `[{"op":"replace","path":"/spec/http/0/route/0/weight","value":1}]`, 1},
		"field added":   {virtualServices, `[{"op":"add","path":"/spec/exportTo","value":["."]}]`, 1},
		"field added in a list that is ours": {
			virtualServices, `[{"op":"add","path":"/spec/http/0/timeout","value":"3s"}]`, 1,
		},
		"element added":         {virtualServices, `[{"op":"add","path":"/spec/hosts/-","value":"other.test"}]`, 1},
		"field removed":         {destinationRules, `[{"op":"remove","path":"/spec/trafficPolicy"}]`, 1},
		"nested field added":    {destinationRules, `[{"op":"add","path":"/spec/trafficPolicy/outlierDetection/interval","value":"5s"}]`, 1},
		"several added":         {destinationRules, `[{"op":"add","path":"/spec/exportTo","value":["."]},{"op":"add","path":"/spec/trafficPolicy/tls","value":{"mode":"DISABLE"}}]`, 1},
		"changed and added":     {destinationRules, `[{"op":"replace","path":"/spec/host","value":"x"},{"op":"add","path":"/spec/exportTo","value":["."]}]`, 2},
		"mark removed":          {destinationRules, `[{"op":"remove","path":"/metadata/annotations/meshloom.io~1sources"}]`, 1},
		"port added":            {services, `[{"op":"add","path":"/spec/ports/-","value":{"name":"more","port":81}}]`, 1},
		"field of a port added": {services, `[{"op":"add","path":"/spec/ports/0/appProtocol","value":"http"}]`, 1},
		"selector added":        {services, `[{"op":"add","path":"/spec/selector/tier","value":"x"}]`, 1},
		"label added":           {services, `[{"op":"add","path":"/metadata/labels/team","value":"x"}]`, 0},
		"status written":        {virtualServices, `[{"op":"add","path":"/status","value":{"observedGeneration":1}}]`, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			object := strings.ToLower(strings.NewReplacer(" ", "-").Replace(name))
			objects := r.stamped(map[schema.GroupVersionKind]client.Object{
				virtualServices: virtualService(object, 75), destinationRules: destinationRule(object, "v1"), services: service(object),
			}[c.kind])
			r.apply(objects)
			before := r.get(c.kind, object)
			r.writes = 0
			r.patch(c.kind, object, c.patch)
			r.apply(objects)
			if r.writes != c.writes {
				t.Errorf("%d writes, want %d", r.writes, c.writes)
			}
			if diff := cmp.Diff(before.Object["spec"], r.get(c.kind, object).Object["spec"]); diff != "" {
				t.Errorf("not as before (-before +after):\n%s", diff)
			}
		})
	}
}

func TestUnwantedFieldsAreReleased(t *testing.T) {
	r := newRig(t)
	r.apply(r.stamped(destinationRule("less", "v1")))
	wanted := destinationRule("less", "v1")
	wanted.Spec.TrafficPolicy = nil
	r.apply(r.stamped(wanted))
	if policy, found, _ := unstructured.NestedMap(r.get(destinationRules, "less").Object, "spec", "trafficPolicy"); found {
		t.Errorf("a field that is not wanted any more is still there: %v", policy)
	}
}

func TestForeignObjectsAreNeverTaken(t *testing.T) {
	cases := map[string]func(*unstructured.Unstructured){
		"without marks": func(*unstructured.Unstructured) {},
		"with copied marks": func(obj *unstructured.Unstructured) {
			obj.SetLabels(map[string]string{engine.LabelManagedBy: engine.ManagedBy, engine.LabelUnit: "x"})
		},
	}
	for name, mark := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			object := strings.ReplaceAll(name, " ", "-")
			objects := r.stamped(service(object))
			foreign := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": object, "namespace": "default"},
				"spec": map[string]any{"ports": []any{map[string]any{"port": int64(9)}}},
			}}
			mark(foreign)
			before, err := r.resource(services).Create(t.Context(), foreign, metav1.CreateOptions{FieldManager: "hand"})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = r.writer.Run(t.Context(), r.plan(objects))
			if !apierrors.IsConflict(err) {
				t.Errorf("creating over a foreign object: %v, want a conflict", err)
			}
			plan := r.plan(objects)
			if len(plan.Steps) > 0 || len(plan.Issues) != 1 || plan.Issues[0].Code != CodeForeignObject {
				t.Errorf("plan after the conflict: %+v", plan)
			}
			if after := r.get(services, object); after.GetResourceVersion() != before.GetResourceVersion() {
				t.Errorf("the foreign object was changed")
			}
			if steps := r.plan(nil).Steps; len(steps) > 0 {
				t.Errorf("the foreign object would be removed: %+v", steps)
			}
		})
	}
}

func TestRemovalNeedsTheObjectAsItWasSeen(t *testing.T) {
	r := newRig(t)
	r.apply(r.stamped(service("seen")))
	stale := r.plan(nil)
	obj, err := r.resource(services).Patch(t.Context(), "seen", "application/merge-patch+json", []byte(`{"metadata":{"labels":{"a":"b"}}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.writer.Run(t.Context(), stale); !apierrors.IsConflict(err) {
		t.Errorf("removal of an object that changed: %v, want a conflict", err)
	}
	if r.get(services, "seen").GetResourceVersion() != obj.GetResourceVersion() {
		t.Error("the object was touched")
	}
	r.apply(nil)
	if _, err := r.resource(services).Get(t.Context(), "seen", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after a second look it is still there: %v", err)
	}
}
