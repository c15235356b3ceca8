package controllers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

func TestSplitBecomesNative(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	op := r.operate()
	r.exists(virtualServices, native, true)
	r.exists(destinationRules, native, true)
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	r.condition("TrafficSplit", "reviews", "Programmed", "True", "Programmed")
	r.quiet(op.writes)
	for _, path := range []string{"/trafficsplits/reviews/status", "/virtualservices/" + native, "/destinationrules/" + native} {
		if got := op.writes.to(r.namespace + path); len(got) != 1 {
			t.Errorf("writes to %s: %q, want one", path, got)
		}
	}

	r.apply(strings.NewReplacer("75", "0", "25", "100").Replace(split))
	r.eventually("new weights", func() string {
		routes, _, _ := unstructured.NestedSlice(r.mustGet(virtualServices, native).Object, "spec", "http")
		if text := toYAML(routes); strings.Contains(text, "75") {
			return text
		}
		return ""
	})

	r.delete(v1alpha1.GroupVersion.WithKind("TrafficSplit"), "reviews")
	r.exists(virtualServices, native, false)
	r.exists(destinationRules, native, false)
	if rest := append(r.list(virtualServices), r.list(destinationRules)...); len(rest) > 0 {
		t.Errorf("left behind: %q", rest)
	}
}

func TestRestartWritesNothing(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	first := r.operate()
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	r.quiet(first.writes)
	first.stop()

	second := r.operate()
	r.quiet(second.writes)
	if writes := second.writes.to(""); len(writes) > 0 {
		t.Errorf("a restart on an unchanged cluster wrote %q", writes)
	}
}

func TestHandEditsAreRepaired(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	op := r.operate()
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	r.quiet(op.writes)
	before := r.mustGet(virtualServices, native)
	for name, patch := range map[string]string{
		"changed": `[{"op":"replace","path":"/spec/hosts/0","value":"elsewhere.test"}]`,
		"added":   `[{"op":"add","path":"/spec/exportTo","value":["."]}]`,
	} {
		r.patch(virtualServices, native, patch)
		r.eventually(name+" field is repaired", func() string {
			return cmp.Diff(before.Object["spec"], r.mustGet(virtualServices, native).Object["spec"])
		})
	}
	r.delete(virtualServices, native)
	r.exists(virtualServices, native, true)
}

func TestForeignRivalIsLeftAlone(t *testing.T) {
	r := newRig(t)
	r.apply(shop)
	r.apply(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: theirs, namespace: NS}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`)
	before := r.mustGet(virtualServices, "theirs")
	r.apply(split)
	r.operate()
	r.condition("TrafficSplit", "reviews", "Programmed", "False", "Conflicted")
	r.condition("TrafficSplit", "reviews", "Ready", "False", "Conflicted")
	if after := r.mustGet(virtualServices, "theirs"); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("the foreign VirtualService was changed")
	}
	if _, err := r.get(virtualServices, native); err == nil {
		t.Error("ours was written beside the foreign one")
	}
	r.delete(virtualServices, "theirs")
	r.exists(virtualServices, native, true)
	r.condition("TrafficSplit", "reviews", "Programmed", "True", "Programmed")
}

func TestSubsetsGoAfterTheirRoutes(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	op := r.operate()
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	r.quiet(op.writes)
	subsets := func() int {
		list, _, _ := unstructured.NestedSlice(r.mustGet(destinationRules, native).Object, "spec", "subsets")
		return len(list)
	}
	r.apply(strings.Replace(split, "version: v1", "version: v3", 1))
	r.eventually("old and new subsets are side by side", func() string {
		if n := subsets(); n != 3 {
			return "not 3 subsets"
		}
		return ""
	})
	begun := time.Now()
	r.eventually("the old subset is gone", func() string {
		if n := subsets(); n != 2 {
			return "not 2 subsets"
		}
		return ""
	})
	if waited := time.Since(begun); waited < settle/2 {
		t.Errorf("the old subset went after %s, before proxies can have heard of the new route", waited)
	}
}

func toYAML(value any) string { return fmt.Sprint(value) }
