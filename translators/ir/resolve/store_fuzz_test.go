package resolve

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/ir"
)

var seeds = flag.Int("seeds", 24, "the number of worlds that FuzzStore goes through without -fuzz")

// world is a store under events, with what its users saw last.
type world struct {
	t       *testing.T
	r       random
	store   *Store
	base    []client.Object
	objects map[ir.Ref]client.Object
	// due are the units that are to be resolved; seen is what the others were.
	due  map[ir.Key]bool
	seen map[ir.Key]snapshot
	// checks is what Check said, of objects that are not due.
	stale  map[ir.Ref]bool
	checks map[ir.Ref]string
}

type snapshot struct {
	ex           Exclusions
	plain, under string
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	name := "testdata/with/mesh.yaml"
	if seed%2 == 1 {
		name = "testdata/with/needing.yaml"
	}
	base := decode(t, slices.Concat(readFile(t, name), []byte("\n---\n"), readFile(t, "testdata/with/fuzz.yaml")))
	return &world{
		t: t, base: base, r: newRandom(seed), store: NewStore(testOptions), objects: map[ir.Ref]client.Object{},
		due: map[ir.Key]bool{}, seen: map[ir.Key]snapshot{}, stale: map[ir.Ref]bool{}, checks: map[ir.Ref]string{},
	}
}

// FuzzStore sends random events to a store and holds it to its promises: units
// that it does not call affected are unchanged, and what it says is what a
// store says that was made of the same objects in another order.
func FuzzStore(f *testing.F) {
	for seed := range uint64(*seeds) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		for i := range 150 {
			event := w.event()
			w.unaffected(fmt.Sprintf("seed %d, event %d: %s", seed, i, event))
			w.work()
			if i%25 == 24 {
				w.fresh(fmt.Sprintf("seed %d, event %d", seed, i))
			}
		}
	})
}

// event changes one object. A world begins with a mesh and a gateway that work,
// or random events would hardly ever make one.
func (w *world) event() string {
	obj := w.r.object()
	if n := len(w.objects); n < len(w.base) {
		obj = w.base[n]
	}
	ref, _ := RefOf(obj)
	var affected []ir.Key
	name := "upsert " + ref.String()
	if old := w.objects[ref]; old != nil && w.r.IntN(6) == 0 {
		name = "delete " + ref.String()
		delete(w.objects, ref)
		delete(w.checks, ref)
		affected = w.store.Delete(obj)
	} else {
		w.objects[ref] = obj
		affected = w.store.Upsert(obj)
	}
	if !slices.IsSortedFunc(affected, ir.Key.Compare) {
		w.t.Errorf("%s: affected is not sorted: %v", name, affected)
	}
	for _, key := range affected {
		w.due[key] = true
	}
	for _, stale := range w.store.Rechecks() {
		w.stale[stale] = true
	}
	return name
}

// unaffected compares everything that is not due with what it was.
func (w *world) unaffected(event string) {
	w.t.Helper()
	keys := w.store.Keys()
	for _, key := range keys {
		if _, known := w.seen[key]; !known && !w.due[key] {
			w.t.Fatalf("%s: unit %s is new and not affected", event, key)
		}
	}
	for key, was := range w.seen {
		if w.due[key] {
			continue
		}
		if now := w.resolve(key, was.ex); now.plain != was.plain || now.under != was.under {
			w.t.Fatalf("%s: unit %s changed and is not affected:\n%s", event, key, cmp.Diff(was.plain+was.under, now.plain+now.under))
		}
	}
	for ref, was := range w.checks {
		if !w.stale[ref] && w.objects[ref] != nil {
			if now := w.check(ref); now != was {
				w.t.Fatalf("%s: check of %s changed and is not in Rechecks:\n%s", event, ref, cmp.Diff(was, now))
			}
		}
	}
}

// work resolves some of what is due, under exclusions of its own.
func (w *world) work() {
	for _, key := range sortedKeys(w.due) {
		if w.r.maybe() {
			continue
		}
		delete(w.due, key)
		delete(w.seen, key)
		if unit, _ := w.store.Resolve(key, Exclusions{}); unit == nil {
			continue
		}
		w.seen[key] = w.resolve(key, w.exclusions())
	}
	for _, ref := range sortedStale(w.stale) {
		delete(w.stale, ref)
		if w.objects[ref] != nil {
			w.checks[ref] = w.check(ref)
		}
	}
}

func (w *world) exclusions() Exclusions {
	var ex Exclusions
	for _, ref := range unifiedRefs(w.store) {
		if w.r.IntN(8) == 0 {
			ex = ex.With(ref, pick(w.r, "", "spec.timeouts.request"))
		}
	}
	return ex
}

func (w *world) resolve(key ir.Key, ex Exclusions) snapshot {
	return snapshot{ex: ex, plain: resolved(w.store, key, Exclusions{}), under: resolved(w.store, key, ex)}
}

func (w *world) check(ref ir.Ref) string {
	parts, issues := w.store.Check(ref)
	return text([]any{parts, issues})
}

// fresh compares the store with one of the same objects.
func (w *world) fresh(event string) {
	w.t.Helper()
	other := NewStore(testOptions)
	refs := sortedObjects(w.objects)
	w.r.Shuffle(len(refs), func(i, j int) { refs[i], refs[j] = refs[j], refs[i] })
	for _, ref := range refs {
		other.Upsert(w.objects[ref])
	}
	if diff := cmp.Diff(other.Keys(), w.store.Keys()); diff != "" {
		w.t.Fatalf("%s: units differ (-fresh +incremental):\n%s", event, diff)
	}
	ex := w.exclusions()
	for _, key := range other.Keys() {
		if diff := cmp.Diff(resolved(other, key, ex), resolved(w.store, key, ex)); diff != "" {
			w.t.Fatalf("%s: unit %s differs (-fresh +incremental):\n%s", event, key, diff)
		}
		w.participants(event, key)
	}
	for _, ref := range unifiedRefs(other) {
		parts, issues := other.Check(ref)
		if diff := cmp.Diff(text([]any{parts, issues}), w.check(ref)); diff != "" {
			w.t.Fatalf("%s: check of %s differs (-fresh +incremental):\n%s", event, ref, diff)
		}
	}
}

// participants holds KeysOf to the units: an object with a part in a unit finds
// it.
func (w *world) participants(event string, key ir.Key) {
	w.t.Helper()
	unit, issues := w.store.Resolve(key, Exclusions{})
	if unit == nil {
		w.t.Fatalf("%s: unit %s is listed and does not exist", event, key)
	}
	for _, p := range unit.Participants {
		if !slices.Contains(w.store.KeysOf(p.Object), key) {
			w.t.Fatalf("%s: %s has a part in %s, and KeysOf does not say so: %v", event, p.Object, key, w.store.KeysOf(p.Object))
		}
	}
	for _, issue := range issues {
		if !slices.ContainsFunc(unit.Participants, func(p ir.Participant) bool { return p.Object == issue.Source.Ref }) {
			w.t.Fatalf("%s: unit %s has an issue of %s, which is no participant: %s", event, key, issue.Source.Ref, issue.Message)
		}
		if issue.Reason == "" || issue.Code == "" || issue.Message == "" {
			w.t.Fatalf("%s: unit %s: an issue lacks reason, code or message: %+v", event, key, issue)
		}
	}
}

func resolved(s *Store, key ir.Key, ex Exclusions) string {
	unit, issues := s.Resolve(key, ex)
	return text([]any{unit, issues})
}

func text(v any) string {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func sortedKeys(m map[ir.Key]bool) []ir.Key {
	var keys []ir.Key
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, ir.Key.Compare)
	return keys
}

func sortedStale(m map[ir.Ref]bool) []ir.Ref {
	var refs []ir.Ref
	for ref := range m {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, ir.Ref.Compare)
	return refs
}

func sortedObjects(m map[ir.Ref]client.Object) []ir.Ref {
	var refs []ir.Ref
	for ref := range m {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, ir.Ref.Compare)
	return refs
}
