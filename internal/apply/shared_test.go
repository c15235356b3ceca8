package apply

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var namespace = translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, Name: "shop"}

func label(key, value string) translators.Contribution {
	return translators.Contribution{
		Object: namespace, Path: []string{"metadata", "labels", key}, Value: value,
		Source: ir.Source{Ref: ir.Ref{Kind: "Mesh", Name: "m-" + value}},
	}
}

// shop is a Namespace with labels of ours and of somebody else.
func shop(t *testing.T, ours, theirs map[string]string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{Object: identity(namespace)}
	labels := map[string]string{}
	var entries []metav1.ManagedFieldsEntry
	for manager, owned := range map[string]map[string]string{FieldManager: ours, "them": theirs} {
		fields := map[string]any{}
		for key, value := range owned {
			labels[key], fields["f:"+key] = value, map[string]any{}
		}
		if len(owned) == 0 {
			continue
		}
		raw, err := json.Marshal(map[string]any{"f:metadata": map[string]any{"f:labels": fields}})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, metav1.ManagedFieldsEntry{
			Manager: manager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(string(raw)),
		})
	}
	obj.SetLabels(labels)
	obj.SetManagedFields(entries)
	return obj
}

func TestSharedPlans(t *testing.T) {
	is := func(pairs ...string) map[string]string {
		labels := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			labels[pairs[i]] = pairs[i+1]
		}
		return labels
	}
	cases := map[string]struct {
		ours, theirs map[string]string
		parts        []translators.Contribution
		keep, absent bool
		write        bool
		labels       map[string]string
		codes        []string
	}{
		"a new field":                         {theirs: is("a", "1"), parts: []translators.Contribution{label("x", "on")}, write: true, labels: is("x", "on")},
		"as it should be":                     {ours: is("x", "on"), parts: []translators.Contribution{label("x", "on")}},
		"ours was changed by hand":            {theirs: is("x", "off"), parts: []translators.Contribution{label("x", "on")}, codes: []string{CodeFieldTaken}},
		"theirs says the same":                {theirs: is("x", "on"), parts: []translators.Contribution{label("x", "on")}, write: true, labels: is("x", "on")},
		"another value of ours":               {ours: is("x", "off"), parts: []translators.Contribution{label("x", "on")}, write: true, labels: is("x", "on")},
		"nobody wants it any more":            {ours: is("x", "on"), write: true},
		"nobody ever wanted anything":         {theirs: is("a", "1")},
		"one of two is taken":                 {theirs: is("x", "off"), parts: []translators.Contribution{label("x", "on"), label("y", "on")}, write: true, labels: is("y", "on"), codes: []string{CodeFieldTaken}},
		"two want different values":           {parts: []translators.Contribution{label("x", "a"), label("x", "b")}, write: true, labels: is("x", "a"), codes: []string{translators.CodeContribution}},
		"a frozen unit may still want it":     {ours: is("x", "on"), keep: true},
		"and what is new is written beside":   {ours: is("x", "on"), parts: []translators.Contribution{label("y", "on")}, keep: true, write: true, labels: is("x", "on", "y", "on")},
		"an object that is not there":         {absent: true, parts: []translators.Contribution{label("x", "on")}, codes: []string{CodeWaits}},
		"one that is not there and not asked": {absent: true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := SharedInput{Ref: namespace, Contributions: c.parts, Keep: c.keep}
			if !c.absent {
				in.Live = shop(t, c.ours, c.theirs)
			}
			plan, err := MakeShared(in)
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, issue := range plan.Issues {
				codes = append(codes, issue.Code)
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			if write := plan.Content != nil; write != c.write {
				t.Fatalf("writes: %v, want %v", write, c.write)
			}
			if want := c.write && !c.keep && len(c.ours) > 0; plan.Retracts != want {
				t.Errorf("retracts: %v, want %v", plan.Retracts, want)
			}
			labels := (&unstructured.Unstructured{Object: plan.Content}).GetLabels()
			if diff := cmp.Diff(c.labels, labels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSharedKeyIsReadBack(t *testing.T) {
	for _, ref := range []translators.ObjectRef{namespace, {GroupVersionKind: virtualServices, Namespace: "a", Name: "b"}} {
		key := SharedKey(ref)
		back, ok := ir.ParseKey(key.String())
		if !ok || back != key {
			t.Errorf("key %s is read back as %s", key, back)
		}
		if got, err := SharedRef(key); err != nil || got != ref {
			t.Errorf("object %v is read back as %v, %v", ref, got, err)
		}
	}
}

func TestPartsKeepWhatFrozenUnitsMayWant(t *testing.T) {
	var parts Parts
	one, two := keyOf(1), keyOf(2)
	parts.Set(one, []translators.Contribution{label("x", "on")})
	if again := parts.Set(one, []translators.Contribution{label("x", "on")}); len(again) > 0 {
		t.Errorf("the same again makes %v due", again)
	}
	parts.Freeze(one)
	if list, keep := parts.Of(namespace); len(list) != 1 || keep {
		t.Errorf("frozen with known parts: %v, keep %v", list, keep)
	}
	parts.Freeze(two)
	if _, keep := parts.Of(namespace); !keep {
		t.Error("what a unit wanted before this process began is given up")
	}
	if due := parts.Set(two, nil); len(due) != 1 || due[0] != namespace {
		t.Errorf("after the thaw %v is due", due)
	}
	if due := parts.Set(one, nil); len(due) != 1 {
		t.Errorf("after the last part went %v is due", due)
	}
	if list, keep := parts.Of(namespace); len(list) != 0 || keep {
		t.Errorf("left: %v, keep %v", list, keep)
	}
}
