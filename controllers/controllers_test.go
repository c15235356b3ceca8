package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/rig"
)

func TestSplitBecomesNative(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Exists(rig.VirtualServices, rig.Native, true)
	r.Exists(rig.DestinationRules, rig.Native, true)
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	r.Quiet(op)
	for _, path := range []string{"/trafficsplits/reviews/status", "/virtualservices/" + rig.Native, "/destinationrules/" + rig.Native} {
		if got := op.Writes.To(r.Namespace + path); len(got) != 1 {
			t.Errorf("writes to %s: %q, want one", path, got)
		}
	}

	r.Apply(strings.NewReplacer("75", "0", "25", "100").Replace(rig.Split))
	r.Eventually("new weights", func() string {
		routes, _, _ := unstructured.NestedSlice(r.MustGet(rig.VirtualServices, rig.Native).Object, "spec", "http")
		if text := toYAML(routes); strings.Contains(text, "75") {
			return text
		}
		return ""
	})

	r.Delete(v1alpha1.GroupVersion.WithKind("TrafficSplit"), "reviews")
	r.Exists(rig.VirtualServices, rig.Native, false)
	r.Exists(rig.DestinationRules, rig.Native, false)
	if rest := append(r.List(rig.VirtualServices), r.List(rig.DestinationRules)...); len(rest) > 0 {
		t.Errorf("left behind: %v", rest)
	}
}

func TestRestartWritesNothing(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	first := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Quiet(first)
	first.Stop()

	second := r.Operate()
	r.Quiet(second)
	if writes := second.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart on an unchanged cluster wrote %q", writes)
	}
}

func TestHandEditsAreRepaired(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Quiet(op)
	before := r.MustGet(rig.VirtualServices, rig.Native)
	for name, patch := range map[string]string{
		"changed": `[{"op":"replace","path":"/spec/hosts/0","value":"elsewhere.test"}]`,
		"added":   `[{"op":"add","path":"/spec/exportTo","value":["."]}]`,
	} {
		r.Patch(rig.VirtualServices, rig.Native, patch)
		r.Eventually(name+" field is repaired", func() string {
			return cmp.Diff(before.Object["spec"], r.MustGet(rig.VirtualServices, rig.Native).Object["spec"])
		})
	}
	r.Delete(rig.VirtualServices, rig.Native)
	r.Exists(rig.VirtualServices, rig.Native, true)
}

func TestForeignRivalIsLeftAlone(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop)
	r.Apply(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: theirs, namespace: NS}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`)
	before := r.MustGet(rig.VirtualServices, "theirs")
	r.Apply(rig.Split)
	r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=False/Conflicted")
	r.Condition("TrafficSplit", "reviews", "Ready=False/Conflicted")
	if after := r.MustGet(rig.VirtualServices, "theirs"); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("the foreign VirtualService was changed")
	}
	if _, err := r.Get(rig.VirtualServices, rig.Native); err == nil {
		t.Error("ours was written beside the foreign one")
	}
	r.Delete(rig.VirtualServices, "theirs")
	r.Exists(rig.VirtualServices, rig.Native, true)
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
}

func TestSubsetsGoAfterTheirRoutes(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Quiet(op)
	subsets := func() int {
		list, _, _ := unstructured.NestedSlice(r.MustGet(rig.DestinationRules, rig.Native).Object, "spec", "subsets")
		return len(list)
	}
	r.Apply(strings.Replace(rig.Split, "version: v1", "version: v3", 1))
	r.Eventually("old and new subsets are side by side", func() string {
		if n := subsets(); n != 3 {
			return "not 3 subsets"
		}
		return ""
	})
	begun := time.Now()
	r.Eventually("the old subset is gone", func() string {
		if n := subsets(); n != 2 {
			return "not 2 subsets"
		}
		return ""
	})
	if waited := time.Since(begun); waited < rig.Settle/2 {
		t.Errorf("the old subset went after %s, before proxies can have heard of the new route", waited)
	}
}

func toYAML(value any) string { return fmt.Sprint(value) }
