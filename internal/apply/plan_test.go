package apply

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
)

// world is an imagined cluster with one unit.
type world struct {
	key         ir.Key
	live        []*Live
	rejected    []ir.Ref
	unserved    []string
	terminating string
	others      []translators.ObjectRef
	needed      []translators.ObjectRef
	unsettled   bool
	prune       Verdict
}

var unit = ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "default", Name: "reviews"}

func (w world) plan(t *testing.T, want ...translators.Object) Plan {
	t.Helper()
	cache := NewCache()
	for _, live := range w.live {
		cache.Put(live)
	}
	if w.key.Kind == "" {
		w.key = unit
	}
	if w.prune == "" {
		w.prune = Allow
	}
	plan, err := Make(Input{
		Key: w.key, Objects: want, Rejected: w.rejected, Live: cache.Of(w.key, want), Settled: !w.unsettled, Prune: w.prune,
		Catalog: NewCatalog(all.Providers()),
		View: View{
			Served:      func(kind schema.GroupVersionKind) bool { return !slices.Contains(w.unserved, kind.Kind) },
			Terminating: func(namespace string) bool { return namespace == w.terminating },
			Exists:      func(ref translators.ObjectRef) bool { return slices.Contains(w.others, ref) },
			Needed:      func(ref translators.ObjectRef) bool { return slices.Contains(w.needed, ref) },
			Rivals:      cache.foreign,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// want is an object of the unit, made from the TrafficSplit split.
func want(obj client.Object, after ...translators.ObjectRef) translators.Object {
	obj.SetLabels(map[string]string{engine.LabelManagedBy: engine.ManagedBy, engine.LabelUnit: unit.Hash()})
	obj.SetAnnotations(map[string]string{
		engine.AnnotationUnit: unit.String(), engine.AnnotationSources: engine.FormatSources([]ir.Source{split}),
	})
	return translators.Object{Object: obj, Sources: []ir.Source{split}, After: after}
}

// live is the object as the API server keeps it after we applied it.
func live(t *testing.T, obj client.Object) *Live {
	t.Helper()
	content, err := contentOf(want(obj))
	if err != nil {
		t.Fatal(err)
	}
	fields, err := json.Marshal(fieldsOf(content))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetUID("uid")
	u.SetResourceVersion("7")
	u.SetManagedFields([]metav1.ManagedFieldsEntry{{
		Manager: FieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(fields)),
	}})
	out, err := NewLive(u, Catalog{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fieldsOf are the managed fields of an object whose lists are atomic.
func fieldsOf(content map[string]any) map[string]any {
	fields := map[string]any{}
	for key, value := range content {
		below := map[string]any{}
		if object, ok := value.(map[string]any); ok {
			below = fieldsOf(object)
		}
		if !slices.Contains([]string{"apiVersion", "kind", "name", "namespace"}, key) {
			fields["f:"+key] = below
		}
	}
	return fields
}

func foreign(t *testing.T, obj client.Object) *Live {
	t.Helper()
	content, err := contentOf(translators.Object{Object: obj})
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	u.SetUID("theirs")
	out, err := NewLive(u, NewCatalog(all.Providers()))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPlans(t *testing.T) {
	rule := translators.ObjectRef{GroupVersionKind: destinationRules, Namespace: "default", Name: "r"}
	route := translators.ObjectRef{GroupVersionKind: virtualServices, Namespace: "default", Name: "r"}
	theirs := virtualService("theirs", 1)
	theirs.Spec.Hosts = []string{"r.default.svc.cluster.local"}
	deleting := live(t, virtualService("r", 75))
	deleting.Deleting = true
	cases := map[string]struct {
		world      world
		want       []translators.Object
		steps      []string
		codes      []string
		frozen     bool
		unfinished bool
	}{
		"new": {
			want:  []translators.Object{want(destinationRule("r", "v1")), want(virtualService("r", 75), rule)},
			steps: []string{"Expand create DestinationRule r", "Expand create VirtualService r"},
		},
		"as wanted": {
			world: world{live: []*Live{live(t, destinationRule("r", "v1")), live(t, virtualService("r", 75))}},
			want:  []translators.Object{want(destinationRule("r", "v1")), want(virtualService("r", 75), rule)},
		},
		"changed": {
			world: world{live: []*Live{live(t, virtualService("r", 75))}},
			want:  []translators.Object{want(virtualService("r", 50))},
			steps: []string{"Switch update VirtualService r"},
		},
		"a subset goes after its routes": {
			world:      world{live: []*Live{live(t, destinationRule("r", "v1", "v2")), live(t, virtualService("r", 75))}},
			want:       []translators.Object{want(destinationRule("r", "v2", "v3")), want(virtualService("r", 50), rule)},
			steps:      []string{"Expand update DestinationRule r", "Switch update VirtualService r"},
			unfinished: true,
		},
		"a subset waits for its routes to settle": {
			world:      world{live: []*Live{live(t, destinationRule("r", "v2", "v3", "v1"))}, unsettled: true},
			want:       []translators.Object{want(destinationRule("r", "v2", "v3"))},
			unfinished: true,
		},
		"a subset goes": {
			world: world{live: []*Live{live(t, destinationRule("r", "v2", "v3", "v1"))}},
			want:  []translators.Object{want(destinationRule("r", "v2", "v3"))},
			steps: []string{"Contract update DestinationRule r"},
		},
		"gone: routes first": {
			world:      world{live: []*Live{live(t, destinationRule("r", "v1")), live(t, virtualService("r", 75))}},
			steps:      []string{"Contract delete VirtualService r"},
			unfinished: true,
		},
		"gone: then the rest": {
			world: world{live: []*Live{live(t, destinationRule("r", "v1"))}},
			steps: []string{"Contract delete DestinationRule r"},
		},
		"gone, but needed elsewhere": {
			world:      world{live: []*Live{live(t, destinationRule("r", "v1"))}, needed: []translators.ObjectRef{rule}},
			unfinished: true,
		},
		"gone, but not agreed": {
			world:      world{live: []*Live{live(t, destinationRule("r", "v1"))}, prune: Hold},
			unfinished: true,
		},
		"a foreign rival withholds routing": {
			world: world{live: []*Live{foreign(t, theirs)}},
			want:  []translators.Object{want(destinationRule("r", "v1")), want(virtualService("r", 75), rule)},
			steps: []string{"Expand create DestinationRule r"}, codes: []string{CodeRival},
		},
		"a foreign rival of access is reported beside ours": {
			world: world{key: ir.Key{Kind: ir.KindAccess}, live: []*Live{foreign(t, theirs)}},
			want:  []translators.Object{want(virtualService("r", 75))},
			steps: []string{"Expand create VirtualService r"}, codes: []string{CodeRival},
		},
		"a foreign object of the name": {
			world: world{live: []*Live{foreign(t, destinationRule("r", "v1"))}},
			want:  []translators.Object{want(destinationRule("r", "v1")), want(virtualService("r", 75), rule)},
			codes: []string{CodeForeignObject, CodeWaits},
		},
		"a kind that is not served": {
			world: world{unserved: []string{"DestinationRule"}},
			want:  []translators.Object{want(destinationRule("r", "v1")), want(virtualService("r", 75), rule)},
			codes: []string{CodeMissingKind, CodeWaits},
		},
		"nothing goes while the unit is not whole": {
			world:      world{unserved: []string{"DestinationRule"}, live: []*Live{live(t, virtualService("old", 75))}},
			want:       []translators.Object{want(destinationRule("r", "v1"))},
			codes:      []string{CodeMissingKind},
			unfinished: true,
		},
		"another unit's object is not there": {
			want:  []translators.Object{want(virtualService("r", 75), rule)},
			codes: []string{CodeWaits},
		},
		"another unit's object is there": {
			world: world{others: []translators.ObjectRef{rule}},
			want:  []translators.Object{want(virtualService("r", 75), rule)},
			steps: []string{"Expand create VirtualService r"},
		},
		"being deleted by somebody": {
			world: world{live: []*Live{deleting}, others: []translators.ObjectRef{route}},
			want:  []translators.Object{want(virtualService("r", 75))},
			codes: []string{CodeWaits},
		},
		"a terminating namespace": {
			world: world{terminating: "default", live: []*Live{live(t, virtualService("old", 75))}},
			want:  []translators.Object{want(virtualService("r", 75))},
			codes: []string{CodeWaits},
		},
		"an edit that cannot be expressed freezes": {
			world:  world{live: []*Live{live(t, virtualService("r", 75))}, rejected: []ir.Ref{split.Ref}},
			frozen: true,
		},
		"a first creation that cannot be expressed does not": {
			world: world{live: []*Live{live(t, virtualService("r", 75))}, rejected: []ir.Ref{{Kind: "TrafficPolicy", Namespace: "default", Name: "new"}}},
			want:  []translators.Object{want(virtualService("r", 50))},
			steps: []string{"Switch update VirtualService r"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan := c.world.plan(t, c.want...)
			var steps, codes []string
			for _, s := range plan.Steps {
				steps = append(steps, string(s.Phase)+" "+string(s.Verb)+" "+s.Ref.Kind+" "+s.Ref.Name)
			}
			for _, issue := range plan.Issues {
				codes = append(codes, issue.Code)
			}
			slices.Sort(codes)
			if diff := cmp.Diff(c.steps, steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			if plan.Unfinished != c.unfinished || (len(plan.Frozen) > 0) != c.frozen {
				t.Errorf("unfinished %v, frozen %v", plan.Unfinished, plan.Frozen)
			}
		})
	}
}

func TestFrozenSaysWhatServes(t *testing.T) {
	plan := world{live: []*Live{live(t, virtualService("r", 75))}, rejected: []ir.Ref{split.Ref}}.plan(t)
	if diff := cmp.Diff([]Culprit{{Ref: split.Ref, Serving: 1}}, plan.Frozen); diff != "" {
		t.Errorf("frozen (-want +got):\n%s", diff)
	}
}
