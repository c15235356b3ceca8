//go:build e2e

package consul

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/internal/render"
	"github.com/meshloom/meshloom/test/engines/consulk8s"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
	translator "github.com/meshloom/meshloom/translators/consul"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// program puts in force what the base and the text become, and nothing else.
func (s *stage) program(t *testing.T, text string) {
	t.Helper()
	outputs := compute(t, base, text)
	wanted := resources(t, outputs)
	for _, out := range outputs {
		for _, o := range out.Objects {
			for _, after := range o.After {
				if find(wanted, reference(after)) == nil {
					t.Errorf("%s waits for %s %s, which nobody makes", o.GetName(), after.Kind, after.Name)
				}
			}
		}
	}
	s.put(t, wanted)
}

// put puts the resources in force, and nothing else.
func (s *stage) put(t *testing.T, wanted []*unstructured.Unstructured) {
	t.Helper()
	if _, err := consulk8s.Entries(wanted); err != nil {
		t.Fatal(err)
	}
	// It is called in the end as well, when the test's own context is over.
	if err := s.change(context.WithoutCancel(t.Context()), wanted); err != nil {
		t.Fatal(err)
	}
}

// compute is what meshctl translate does with the texts, of which a later one
// replaces objects of earlier ones. The test fails where anything is refused:
// what is not programmed cannot be counted.
func compute(t *testing.T, texts ...string) []engine.Output {
	t.Helper()
	var objects []manifest.Object
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		more, err := manifest.Reader{Stdin: strings.NewReader(text)}.Read(manifest.Stdin)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		objects = append(objects, more.Objects...)
	}
	outputs := outputs(objects)
	for _, out := range outputs {
		for _, issue := range out.Issues {
			if issue.Effect != ir.EffectNote {
				t.Fatalf("%s %s: %s", issue.Effect, issue.Source.Ref, issue.Message)
			}
		}
	}
	return outputs
}

// outputs are those of all units of the objects.
func outputs(objects []manifest.Object) []engine.Output {
	providers := all.Providers()
	store := resolve.NewStore(engine.StoreOptions(providers))
	for _, o := range objects {
		store.Upsert(o.Object)
	}
	return engine.New(engine.Config{Store: store, Providers: providers}).ComputeAll()
}

// resources are those of Consul on Kubernetes among what is printed, in the
// order in which they are applied.
func resources(t *testing.T, outputs []engine.Output) []*unstructured.Unstructured {
	t.Helper()
	docs, conflicts := render.Docs(outputs)
	for _, issue := range conflicts {
		t.Fatalf("%s %s: %s", issue.Effect, issue.Source.Ref, issue.Message)
	}
	var objects []*unstructured.Unstructured
	for _, doc := range docs {
		if doc.Object.GroupVersionKind().Group == consulk8s.Group {
			objects = append(objects, doc.Object)
		}
	}
	inOrder(objects)
	return objects
}

// inOrder sorts objects as the operator applies them.
func inOrder(objects []*unstructured.Unstructured) {
	rank := func(o *unstructured.Unstructured) int { return slices.Index(provider.Kinds, o.GroupVersionKind()) }
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
}

// provider is the one whose output goes to Consul.
var provider = translator.Provider()

// change does what the operator does: it writes in order, with what others may
// still use of what was there; deletes in reverse what is not wanted; and takes
// away what nobody uses any more. What Consul refuses is tried again after the
// rest, as Consul on Kubernetes does with what it could not sync: a part of an
// entry may go before what needed it, when that is another unit's.
func (s *stage) change(ctx context.Context, wanted []*unstructured.Unstructured) error {
	var steps, narrow []step
	for _, o := range wanted {
		wide := o
		if old := find(s.written, o); old != nil {
			if wider := provider.Expand(old, o.DeepCopy()); wider != nil {
				wide, narrow = wider, append(narrow, s.agent.write(o))
			}
		}
		steps = append(steps, s.agent.write(wide))
	}
	known := slices.Clone(wanted)
	for _, old := range slices.Backward(s.written) {
		if find(wanted, old) == nil {
			known = append(known, old)
			steps = append(steps, s.agent.remove(old))
		}
	}
	// What may have been written stays known, however far it comes.
	s.written = known
	slices.Reverse(narrow)
	for _, steps := range [][]step{steps, narrow} {
		if err := insist(ctx, steps); err != nil {
			return err
		}
	}
	s.written = wanted
	return nil
}

// step is one call that Consul may refuse.
type step func(context.Context) error

// insist takes steps in their order, again those that were refused, for as long
// as any of them succeeds.
func insist(ctx context.Context, steps []step) error {
	for len(steps) > 0 {
		var refused []step
		var errs []error
		for _, take := range steps {
			if err := take(ctx); err != nil {
				refused, errs = append(refused, take), append(errs, err)
			}
		}
		if len(refused) == len(steps) {
			return errors.Join(errs...)
		}
		steps = refused
	}
	return nil
}

// reference is an object of which no more is known than its name.
func reference(ref translators.ObjectRef) *unstructured.Unstructured {
	o := new(unstructured.Unstructured)
	o.SetGroupVersionKind(ref.GroupVersionKind)
	o.SetNamespace(ref.Namespace)
	o.SetName(ref.Name)
	return o
}

// find returns the object of the same kind and name.
func find(objects []*unstructured.Unstructured, like *unstructured.Unstructured) *unstructured.Unstructured {
	for _, o := range objects {
		if o.GetKind() == like.GetKind() && o.GetNamespace() == like.GetNamespace() && o.GetName() == like.GetName() {
			return o
		}
	}
	return nil
}
