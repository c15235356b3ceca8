//go:build e2e

package compiled

import (
	_ "embed"
	"fmt"
	"maps"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/internal/render"
	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/test/engines/istiod"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

//go:embed testdata/base.yaml
var base string

// world is a set of namespaces in which cases follow one another.
type world struct {
	istiod                  *istiod.Istiod
	place                   place
	member, edge, neighbour string
	// pods by the names of their Deployments.
	pods map[string]ads.Workload
	// written are the native objects in force.
	written map[string]*unstructured.Unstructured
}

func newWorld(t *testing.T, p place) *world {
	t.Helper()
	i := istiod.Shared(t)
	w := &world{
		istiod: i, place: p, member: i.Namespace(t), edge: i.Namespace(t), neighbour: i.Namespace(t),
		pods: map[string]ads.Workload{}, written: map[string]*unstructured.Unstructured{},
	}
	for _, o := range istiod.Parse(t, w.member, w.fill(base)) {
		if !strings.HasPrefix(o.GetAPIVersion(), "meshloom.io/") {
			i.Apply(t, o)
		}
	}
	for _, ns := range []string{w.member, w.edge, w.neighbour} {
		maps.Copy(w.pods, i.Place(t, ns))
	}
	return w
}

func (w *world) fill(text string) string {
	return strings.NewReplacer("$member", w.member, "$edge", w.edge, "$neighbour", w.neighbour, "$holder", w.place.holder).Replace(text)
}

// node is the proxy that a seat stands for.
func (w *world) node(s seat) ads.Node {
	switch {
	case s == server:
		return ads.Sidecar(w.pods["echo-v1"])
	case s == neighbour:
		return ads.Sidecar(w.pods["neighbour"])
	case w.place.holder == atGateway.holder:
		return ads.Gateway(w.pods["public"])
	default:
		return ads.Sidecar(w.pods["client"])
	}
}

// program computes what the base and the text become, writes it, and removes
// what was written before and is not wanted any more.
func (w *world) program(t *testing.T, text string) {
	t.Helper()
	wanted := map[string]*unstructured.Unstructured{}
	for _, doc := range w.compute(t, text) {
		o := doc.Object
		w.istiod.Apply(t, o)
		if !doc.Partial {
			wanted[fmt.Sprintf("%s/%s/%s", o.GetKind(), o.GetNamespace(), o.GetName())] = o
		}
	}
	for id, o := range w.written {
		if wanted[id] == nil {
			w.istiod.Delete(t, o)
		}
	}
	w.written = wanted
}

// compute fails the test where any of the objects is refused: what is not
// programmed cannot be asserted.
func (w *world) compute(t *testing.T, text string) []render.Doc {
	t.Helper()
	providers := all.Providers()
	store := resolve.NewStore(engine.StoreOptions(providers))
	for _, part := range []string{base, text} {
		if strings.TrimSpace(part) == "" {
			continue
		}
		reader := manifest.Reader{Stdin: strings.NewReader(w.fill(part)), Namespace: w.member}
		set, err := reader.Read(manifest.Stdin)
		if err != nil {
			t.Fatalf("%v\n%s", err, part)
		}
		for _, o := range set.Objects {
			store.Upsert(o.Object)
		}
	}
	outputs := engine.New(engine.Config{Store: store, Providers: providers}).ComputeAll()
	docs, issues := render.Docs(outputs)
	for _, out := range outputs {
		issues = append(issues, out.Issues...)
	}
	for _, issue := range issues {
		if issue.Effect != ir.EffectNote {
			t.Fatalf("%s %s: %s", issue.Effect, issue.Source.Ref, issue.Message)
		}
	}
	return docs
}
