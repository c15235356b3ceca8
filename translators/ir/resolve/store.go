package resolve

import (
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Store holds objects with their indexes. It is safe for concurrent use.
//
// What Upsert and Delete return is relative to the last Resolve of each unit: a
// key once returned stays due until it is resolved again.
type Store struct {
	options Options

	// mu guards all that follows but what graph guards: held for writing by
	// events, for reading by computations.
	mu      sync.RWMutex
	objects map[ir.Ref]client.Object
	kinds   map[string]*set[ir.Ref]
	sets    map[topic]*set[ir.Ref]
	nodes   map[ir.Ref]*node
	// units are those that exist.
	units map[ir.Key]*node
	pods  workloads
	stale map[ir.Ref]struct{}
	// needed is what any Mesh needs, for which indexes are kept.
	needed Needs
	// removed counts objects that went since the maps were made.
	removed int

	// graph guards readers, checks and the reads of all nodes.
	graph   sync.Mutex
	readers map[topic]*readers
	checks  map[ir.Ref]*node
}

// NewStore returns an empty store.
func NewStore(options Options) *Store {
	return &Store{
		options: options,
		objects: map[ir.Ref]client.Object{},
		kinds:   map[string]*set[ir.Ref]{},
		sets:    map[topic]*set[ir.Ref]{},
		nodes:   map[ir.Ref]*node{},
		pods:    newWorkloads(),
		stale:   map[ir.Ref]struct{}{},
		readers: map[topic]*readers{},
		units:   map[ir.Key]*node{},
		checks:  map[ir.Ref]*node{},
	}
}

// Upsert takes an object in, or a new version of it, and returns the units
// that are to be resolved again, sorted. The store keeps the pointer: nobody
// may change the object afterwards. Kinds that resolving never reads are
// ignored, and so are Services that we generated.
func (s *Store) Upsert(obj client.Object) (affected []ir.Key) {
	ref, ok := RefOf(obj)
	if !ok {
		return nil
	}
	if generated(obj) {
		obj = nil
	}
	return s.replace(ref, obj)
}

// Delete forgets an object and returns the units that are to be resolved
// again, sorted. Only kind, namespace and name of the object matter.
func (s *Store) Delete(obj client.Object) (affected []ir.Key) {
	ref, ok := RefOf(obj)
	if !ok {
		return nil
	}
	return s.replace(ref, nil)
}

func (s *Store) replace(ref ir.Ref, obj client.Object) []ir.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[ref]
	if old == nil && obj == nil {
		return nil
	}
	c := &change{store: s, keys: map[ir.Key]struct{}{}}
	s.keep(ref, obj)
	c.parts(ref, old, obj)
	c.reindex(s.entries(ref, old), s.entries(ref, obj))
	if ref.Kind == v1alpha1.KindMesh {
		c.supply()
	}
	c.derivation(ref, obj)
	c.workload(ref, obj)
	if ref.Kind == kindService {
		c.selection(ref, old, obj)
	}
	c.settle()
	if obj == nil {
		s.shed()
	}
	affected := make([]ir.Key, 0, len(c.keys))
	for k := range c.keys {
		affected = append(affected, k)
	}
	slices.SortFunc(affected, ir.Key.Compare)
	return affected
}

func (s *Store) keep(ref ir.Ref, obj client.Object) {
	kind := s.kinds[ref.Kind]
	if kind == nil {
		kind = &set[ir.Ref]{}
		s.kinds[ref.Kind] = kind
	}
	if obj == nil {
		delete(s.objects, ref)
		kind.remove(ref)
		s.dropCheck(ref)
		return
	}
	s.objects[ref] = obj
	kind.add(ref)
}

// Rechecks returns and forgets the objects of the unified API whose Check may
// say something else than it did, or has never been asked. It is the
// counterpart, for objects, of what Upsert and Delete return for units.
func (s *Store) Rechecks() []ir.Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs := make([]ir.Ref, 0, len(s.stale))
	for ref := range s.stale {
		refs = append(refs, ref)
	}
	clear(s.stale)
	slices.SortFunc(refs, ir.Ref.Compare)
	return refs
}

// Keys returns all units, sorted.
func (s *Store) Keys() []ir.Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := make([]ir.Key, 0, len(s.units))
	for k := range s.units {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, ir.Key.Compare)
	return keys
}

// Object returns an object as it was taken in, and whether it is there.
func (s *Store) Object(ref ir.Ref) (client.Object, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	obj, ok := s.objects[ref]
	return obj, ok
}

// Refs returns all objects of a kind, sorted.
func (s *Store) Refs(kind string) []ir.Ref {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return sortedRefs(s.kinds[kind])
}

// Mesh returns what units say of a Mesh, and whether it exists.
func (s *Store) Mesh(name string) (ir.Mesh, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	mesh, ok := s.objects[ir.Ref{Kind: v1alpha1.KindMesh, Name: name}].(*v1alpha1.Mesh)
	if !ok {
		return ir.Mesh{}, false
	}
	return s.options.mesh(mesh), true
}

// Controller returns what units say of an IngressController, and whether it
// exists.
func (s *Store) Controller(name string) (ir.Controller, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, ok := s.objects[ir.Ref{Kind: v1alpha1.KindIngressController, Name: name}].(*v1alpha1.IngressController)
	if !ok {
		return ir.Controller{}, false
	}
	return s.options.controller(c), true
}

func sortedRefs(members *set[ir.Ref]) []ir.Ref {
	if members.len() == 0 {
		return nil
	}
	refs := make([]ir.Ref, 0, members.len())
	for ref := range members.all() {
		refs = append(refs, ref)
	}
	slices.SortFunc(refs, ir.Ref.Compare)
	return refs
}
