package engine_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var list = translators.ObjectRef{GroupVersionKind: schema.GroupVersionKind{Group: "a.test", Version: "v1", Kind: "List"}, Namespace: "shop", Name: "ratings"}

// part is a contribution at a path as "spec sources [name=web]".
func part(from, path string, value any) translators.Contribution {
	return translators.Contribution{
		Object: list, Create: true, Path: strings.Fields(path), Value: value,
		Source: ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: "shop", Name: from}},
	}
}

// TestMergeOfItems shows that units make items of one list, whatever the order
// in which they ran.
func TestMergeOfItems(t *testing.T) {
	parts := []translators.Contribution{
		part("b", "spec sources [name=web]", map[string]any{"action": "allow", "precedence": 9}),
		part("b", "spec sources [name=web] type", "consul"),
		part("a", "spec sources [name=cron] permissions [path=/a] methods", []string{"GET"}),
		part("a", "spec sources [name=cron] permissions [path=/] methods", []string{"PUT"}),
		part("a", "spec sources [name=web] action", "allow"),
		part("c", "spec sources [name=web]", map[string]any{"action": "deny", "other": true}),
	}
	want := map[string]any{"sources": []any{
		map[string]any{"name": "cron", "permissions": []any{
			map[string]any{"path": "/", "methods": []any{"PUT"}}, map[string]any{"path": "/a", "methods": []any{"GET"}},
		}},
		map[string]any{"name": "web", "action": "allow", "precedence": int64(9), "type": "consul"},
	}}
	for seed := range uint64(20) {
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		shared, issues := engine.Merge(parts)
		if len(shared) != 1 || !shared[0].Create {
			t.Fatalf("%d objects, the first made by us: %v", len(shared), shared[0].Create)
		}
		if diff := cmp.Diff(want, shared[0].Object.Object["spec"]); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
		if len(issues) != 1 || issues[0].Source.Name != "c" || issues[0].Reason != "Conflicted" {
			t.Fatalf("seed %d: issues %+v, want one about c", seed, issues)
		}
	}
}

// TestMergeSurvivesMistakes shows that a translator's mistake is told to the user
// whose object it is about, and hurts nobody else's.
func TestMergeSurvivesMistakes(t *testing.T) {
	foreign := part("x", "spec sources [name=web] action", "allow")
	foreign.Create = false
	nothing := part("x", "spec", 1)
	nothing.Path = nil
	for name, wrong := range map[string]translators.Contribution{
		"an item in an object of others": foreign,
		"no path":                        nothing,
		"an item without a key":          part("x", "spec sources [web]", map[string]any{}),
		"an item that is a string":       part("x", "spec sources [name=web]", "allow"),
		"an item of no list":             part("x", "spec kept [name=web] action", "allow"),
		"a field of a string":            part("x", "spec kept deeper", "allow"),
		"no JSON":                        part("x", "spec other", func() {}),
	} {
		shared, issues := engine.Merge([]translators.Contribution{part("a", "spec kept", "yes"), wrong})
		if len(issues) != 1 || issues[0].Source.Name != "x" || issues[0].Effect != ir.EffectWithheld || issues[0].Reason != "Unsupported" {
			t.Errorf("%s: issues %+v, want one about x", name, issues)
		}
		if diff := cmp.Diff(map[string]any{"kept": "yes"}, shared[0].Object.Object["spec"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
