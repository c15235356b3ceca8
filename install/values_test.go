package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
)

func TestMergeValues(t *testing.T) {
	base := map[string]any{
		"kept": "base", "gone": "base", "list": []any{"a", "b"},
		"deep": map[string]any{"kept": 1, "changed": 1, "gone": 1},
		"flat": "text", "map": map[string]any{"a": 1},
	}
	over := map[string]any{
		"gone": nil, "list": []any{"c"}, "new": true,
		"deep": map[string]any{"changed": 2, "gone": nil, "new": map[string]any{"x": 1}},
		"flat": map[string]any{"now": "a map"}, "map": "now text",
	}
	want := map[string]any{
		// Nulls stay for Helm, which takes the chart's own value away by them.
		"kept": "base", "gone": nil, "list": []any{"c"}, "new": true,
		"deep": map[string]any{"kept": 1, "changed": 2, "gone": nil, "new": map[string]any{"x": 1}},
		"flat": map[string]any{"now": "a map"}, "map": "now text",
	}
	merged := MergeValues(base, over)
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	merged["deep"].(map[string]any)["new"].(map[string]any)["x"] = 2
	merged["list"].([]any)[0] = "changed"
	merged["deep"].(map[string]any)["kept"] = 2
	if base["deep"].(map[string]any)["kept"] != 1 || over["list"].([]any)[0] != "c" ||
		over["deep"].(map[string]any)["new"].(map[string]any)["x"] != 1 {
		t.Error("a change of the result changes what it was made of")
	}
	if got := MergeValues(nil, nil); got == nil || len(got) != 0 {
		t.Errorf("nothing merged with nothing is %v, want an empty map", got)
	}
}

func TestDigest(t *testing.T) {
	chart := func(edit func(*Chart)) Chart {
		c := Chart{
			Release: "plane-a", Namespace: "system", Name: "plane", Version: "1.31.0",
			Source: Source{Kind: Repository, Location: "https://charts.example"},
			Values: map[string]any{"a": 1, "b": map[string]any{"c": true, "d": []any{"x"}}},
		}
		edit(&c)
		return c
	}
	same := Digest(chart(func(*Chart) {}))
	if errs := validation.IsValidLabelValue(same); len(errs) > 0 || same == "" {
		t.Errorf("digest %q is no label: %v", same, errs)
	}
	for range 50 {
		if got := Digest(chart(func(c *Chart) { c.Values = MergeValues(c.Values, nil) })); got != same {
			t.Fatalf("digest %s, then %s: want it stable", same, got)
		}
	}
	for name, edit := range map[string]func(*Chart){
		"gates":       func(c *Chart) { c.Gates = []Gate{{Kind: WorkloadReady}} },
		"path":        func(c *Chart) { c.Path = "charts/plane" },
		"other types": func(c *Chart) { c.Values["a"] = float64(1) },
	} {
		if got := Digest(chart(edit)); got != same {
			t.Errorf("another digest for %s, which make nothing different", name)
		}
	}
	for name, edit := range map[string]func(*Chart){
		"name":    func(c *Chart) { c.Name = "plan" },
		"version": func(c *Chart) { c.Version = "1.31.1" },
		"source":  func(c *Chart) { c.Source.Location = "https://mirror.example" },
		"value":   func(c *Chart) { c.Values["b"].(map[string]any)["c"] = false },
		"null":    func(c *Chart) { c.Values["a"] = nil },
	} {
		if got := Digest(chart(edit)); got == same {
			t.Errorf("the same digest for another %s", name)
		}
	}
}

func TestOwnerLabel(t *testing.T) {
	long := "IngressGateway/a-rather-long-namespace-for-a-gateway/and-a-rather-long-name-too"
	for _, owner := range []string{"Mesh/shop", "Mesh/shop.example", "IngressGateway/edge/public", long, long + "2"} {
		label := OwnerLabel(owner)
		if errs := validation.IsValidLabelValue(label); len(errs) > 0 {
			t.Errorf("%s: %q is no label: %v", owner, label, errs)
		}
		if !SameOwner(OwnerOf(label), owner) {
			t.Errorf("%s is not the owner that its label %s speaks of", owner, label)
		}
	}
	if got := OwnerOf(OwnerLabel("Mesh/shop.example")); got != "Mesh/shop.example" {
		t.Errorf("owner %s, want Mesh/shop.example", got)
	}
	for _, pair := range [][2]string{{"Mesh/a", "Mesh/b"}, {"", ""}, {"Mesh/a", ""}, {long, long + "2"}} {
		if SameOwner(pair[0], pair[1]) {
			t.Errorf("%q and %q are taken for one owner", pair[0], pair[1])
		}
	}
}
