//go:build e2e

package ambient

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/internal/render"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/test/engines/istiod"
	"github.com/meshloom/meshloom/translators/all"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

func TestMain(m *testing.M) {
	api, err := binaries.ModuleDir(context.Background(), "", "sigs.k8s.io/gateway-api")
	if err == nil {
		// istiod inherits the environment.
		err = os.Setenv("PILOT_ENABLE_AMBIENT", "true")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(istiod.Main(m, filepath.Join(api, "config", "crd", "standard")))
}

//go:embed testdata/base.yaml
var base string

//go:embed testdata/shop.yaml
var shop string

// world is a namespace in which everything of the base and the shop is written.
type world struct {
	istiod    *istiod.Istiod
	namespace string
	pods      map[string]ads.Workload
	written   []*unstructured.Unstructured
}

func newWorld(t *testing.T) *world {
	t.Helper()
	i := istiod.Shared(t)
	w := &world{istiod: i, namespace: i.Namespace(t)}
	for _, o := range istiod.Parse(t, w.namespace, w.fill(base)) {
		if !strings.HasPrefix(o.GetAPIVersion(), "meshloom.io/") {
			i.Apply(t, o)
		}
	}
	for _, doc := range w.compute(t) {
		i.Apply(t, doc.Object)
		if !doc.Partial {
			w.written = append(w.written, doc.Object)
		}
	}
	w.pods = i.Place(t, w.namespace)
	return w
}

func (w *world) fill(text string) string { return strings.ReplaceAll(text, "$ns", w.namespace) }

// compute says the base and the shop in Istio's words.
func (w *world) compute(t *testing.T) []render.Doc {
	t.Helper()
	providers := all.Providers()
	store := resolve.NewStore(engine.StoreOptions(providers))
	for _, part := range []string{base, shop} {
		set, err := manifest.Reader{Stdin: strings.NewReader(w.fill(part)), Namespace: w.namespace}.Read(manifest.Stdin)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range set.Objects {
			store.Upsert(o.Object)
		}
	}
	docs, issues := render.Docs(engine.New(engine.Config{Store: store, Providers: providers}).ComputeAll())
	if len(issues) > 0 {
		t.Fatalf("issues %+v", issues)
	}
	return docs
}

// of are the written objects of a kind.
func (w *world) of(kind string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, o := range w.written {
		if o.GetKind() == kind {
			out = append(out, o)
		}
	}
	return out
}

// live reads an object as it is now.
func (w *world) live(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(o.GroupVersionKind())
	err := w.istiod.Client.Get(ctx, client.ObjectKeyFromObject(o), out)
	return out, err
}

// patience is how long istiod gets to see what was written.
const patience = 20 * time.Second

// eventually waits until the check has no complaint.
func eventually(t *testing.T, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
