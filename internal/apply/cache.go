package apply

import (
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/meshloom/meshloom/internal/index"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Cache is what is known of the native objects of the cluster: what watches
// told and what our own writes answered, whichever is newer. Every lookup is
// by index. It is safe for concurrent use.
type Cache struct {
	mu      sync.RWMutex
	objects map[translators.ObjectRef]*Live
	// removed are objects that we deleted and that watches may still tell of.
	removed map[types.UID]bool
	// echoes are what watches told of objects that are being written.
	echoes map[translators.ObjectRef]*echo
	units  index.Index[string, translators.ObjectRef]
	rivals index.Index[string, translators.ObjectRef]
	meshes map[string]int
	// hashes finds the key of a unit whose mark was edited by hand.
	hashes map[string]ir.Key
	topics index.Index[Topic, ir.Key]
	asked  map[ir.Key][]Topic
	after  index.Index[translators.ObjectRef, ir.Key]
	leans  map[ir.Key][]translators.ObjectRef
	// went counts objects that went since the maps were made.
	went int
	// version counts the changes that plans may depend on by topics.
	version uint64
}

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{
		objects: map[translators.ObjectRef]*Live{}, removed: map[types.UID]bool{},
		echoes: map[translators.ObjectRef]*echo{},
		units:  index.Index[string, translators.ObjectRef]{}, rivals: index.Index[string, translators.ObjectRef]{},
		meshes: map[string]int{}, hashes: map[string]ir.Key{},
		topics: index.Index[Topic, ir.Key]{}, asked: map[ir.Key][]Topic{},
		after: index.Index[translators.ObjectRef, ir.Key]{}, leans: map[ir.Key][]translators.ObjectRef{},
	}
}

// Put takes note of an object as a watch saw it, unless something newer is
// known. It returns the units that have to be planned again: the one that made
// the object and those that asked about it. While the object is being written
// that has to wait for the answer.
func (c *Cache) Put(live *Live) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.echoes[live.Ref]; e != nil {
		e.saw(live)
		return nil
	}
	return c.put(live)
}

// answered takes note of an object as the API server returned it.
func (c *Cache) answered(live *Live) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.put(live)
}

func (c *Cache) put(live *Live) []ir.Key {
	old := c.objects[live.Ref]
	if c.removed[live.UID] && !live.Deleting {
		return nil
	}
	if old != nil && old.UID == live.UID && !newer(live, old) {
		if old != live && old.ResourceVersion == live.ResourceVersion {
			// The watch keeps its copy anyway, so ours need not stay beside it.
			live.altered = old.altered
			c.objects[live.Ref] = live
		}
		return nil
	}
	if live.sameAs(old) {
		if live.altered == "" {
			live.altered = old.altered
		}
		c.objects[live.Ref] = live
		return nil
	}
	affected := c.affected(live.Ref, old, live)
	if old == nil || !live.Ours || live.Deleting {
		c.version++
	}
	c.drop(old)
	c.objects[live.Ref] = live
	if live.Ours {
		c.units.Add(live.Unit, live.Ref)
		c.meshes[live.Key.Mesh]++
	}
	for _, key := range live.Rivals {
		c.rivals.Add(key, live.Ref)
	}
	return affected
}

// Remove takes note that a watch saw an object go. It returns the units that
// have to be planned again; while the object is being written that has to wait
// for the answer.
func (c *Cache) Remove(ref translators.ObjectRef, uid types.UID) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.echoes[ref]; e != nil {
		e.lost(uid)
		return nil
	}
	return c.remove(ref, uid)
}

// missing takes note that the API server has no object of the name. The UID
// may be empty where it is not known.
func (c *Cache) missing(ref translators.ObjectRef, uid types.UID) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remove(ref, uid)
}

// deleted takes note that we deleted an object.
func (c *Cache) deleted(ref translators.ObjectRef, uid types.UID) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	affected := c.remove(ref, uid)
	c.removed[uid] = true
	return affected
}

func (c *Cache) remove(ref translators.ObjectRef, uid types.UID) []ir.Key {
	delete(c.removed, uid)
	old := c.objects[ref]
	if old == nil || uid != "" && old.UID != uid {
		return nil
	}
	affected := c.affected(ref, old, nil)
	c.version++
	c.drop(old)
	c.shed()
	return affected
}

// minShed is the number of objects whose room is no matter.
const minShed = 1024

// shed takes note of an object that went, and gives room back once most have.
func (c *Cache) shed() {
	c.went++
	if c.went < minShed || c.went < 3*len(c.objects) {
		return
	}
	c.went = 0
	c.objects, c.removed, c.hashes = index.Fit(c.objects), index.Fit(c.removed), index.Fit(c.hashes)
	c.units, c.rivals = index.Fit(c.units), index.Fit(c.rivals)
	c.topics, c.asked = index.Fit(c.topics), index.Fit(c.asked)
	c.after, c.leans = index.Fit(c.after), index.Fit(c.leans)
}

// Forget drops all objects of a kind that is not watched any more. It returns
// the units that had some.
func (c *Cache) Forget(kind schema.GroupVersionKind) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	var affected []ir.Key
	c.version++
	for ref, live := range c.objects {
		if ref.GroupVersionKind == kind {
			affected = append(affected, c.affected(ref, live, nil)...)
			c.drop(live)
		}
	}
	return unique(affected)
}

// Note takes note of what a unit's plan depended on and of the objects that
// its own must follow.
func (c *Cache) Note(key ir.Key, topics []Topic, objects []translators.Object) {
	var after []translators.ObjectRef
	for _, obj := range objects {
		after = append(after, obj.After...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, topic := range c.asked[key] {
		c.topics.Remove(topic, key)
	}
	for _, ref := range c.leans[key] {
		c.after.Remove(ref, key)
	}
	delete(c.asked, key)
	delete(c.leans, key)
	for _, topic := range topics {
		c.topics.Add(topic, key)
	}
	for _, ref := range after {
		c.after.Add(ref, key)
	}
	if len(topics) > 0 {
		c.asked[key] = topics
	}
	if len(after) > 0 {
		c.leans[key] = after
	}
	if len(objects) > 0 {
		c.hashes[key.Hash()] = key
	} else {
		delete(c.hashes, key.Hash())
	}
}

// Changed takes note that a topic beside objects changed, and returns the
// units whose plans depended on it.
func (c *Cache) Changed(topic Topic) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version++
	return c.topics.Members(topic)
}

// Version changes whenever a plan that is being made may have missed
// something: an event tells only the units whose topics are noted.
func (c *Cache) Version() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.version
}

// Units returns the keys of all units that objects of ours came from.
func (c *Cache) Units() []ir.Key {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var keys []ir.Key
	for unit := range c.units {
		for ref := range c.units.All(unit) {
			keys = append(keys, c.key(c.objects[ref]))
			break
		}
	}
	return unique(slices.DeleteFunc(keys, func(k ir.Key) bool { return k == ir.Key{} }))
}

// Count returns the number of objects of a mesh that are ours.
func (c *Cache) Count(mesh string) int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.meshes[mesh]
}

// Of returns the objects that carry the unit's mark and those that have one of
// the names.
func (c *Cache) Of(key ir.Key, named []translators.Object) map[translators.ObjectRef]*Live {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := map[translators.ObjectRef]*Live{}
	for ref := range c.units.All(key.Hash()) {
		out[ref] = c.objects[ref]
	}
	for _, obj := range named {
		if live := c.objects[refOf(obj)]; live != nil {
			out[live.Ref] = live
		}
	}
	return out
}

// exists says whether there is an object of the name that is not about to go.
func (c *Cache) exists(ref translators.ObjectRef) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	live := c.objects[ref]
	return live != nil && !live.Deleting
}

// needed says whether another unit's objects follow this one.
func (c *Cache) needed(ref translators.ObjectRef, by ir.Key) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.ContainsFunc(c.after.Members(ref), func(key ir.Key) bool { return key != by })
}

// foreign returns the foreign objects that speak for one of the keys.
func (c *Cache) foreign(keys []string) []translators.ObjectRef {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var refs []translators.ObjectRef
	for _, key := range keys {
		refs = append(refs, c.rivals.Members(key)...)
	}
	slices.SortFunc(refs, func(a, b translators.ObjectRef) int { return strings.Compare(refString(a), refString(b)) })
	return slices.Compact(refs)
}

// affected returns the units that a change of an object concerns: the one that
// made it, and those that asked about it and would be answered otherwise now.
// Of an object that comes or goes one form is nil.
func (c *Cache) affected(ref translators.ObjectRef, old, live *Live) []ir.Key {
	var keys []ir.Key
	if standingOf(old) != standingOf(live) {
		keys = c.topics.Members(Topic{Object: ref})
	}
	for _, form := range []*Live{old, live} {
		if form == nil {
			continue
		}
		for _, rival := range form.Rivals {
			keys = append(keys, c.topics.Members(Topic{Rival: rival})...)
		}
		if key := c.key(form); key != (ir.Key{}) {
			keys = append(keys, key)
		}
	}
	return unique(keys)
}

// standing is all that the plans of other units depend on.
type standing struct{ there, ours, deleting bool }

func standingOf(live *Live) standing {
	if live == nil {
		return standing{}
	}
	return standing{there: true, ours: live.Ours, deleting: live.Deleting}
}

// key returns the key of the unit that made an object; zero for foreign ones.
func (c *Cache) key(live *Live) ir.Key {
	if !live.Ours {
		return ir.Key{}
	}
	if live.Key.Hash() == live.Unit {
		return live.Key
	}
	return c.hashes[live.Unit]
}

func (c *Cache) drop(live *Live) {
	if live == nil {
		return
	}
	delete(c.objects, live.Ref)
	if live.Ours {
		c.units.Remove(live.Unit, live.Ref)
		c.meshes[live.Key.Mesh]--
	}
	for _, key := range live.Rivals {
		c.rivals.Remove(key, live.Ref)
	}
}

func newer(live, than *Live) bool {
	order, err := resourceversion.CompareResourceVersion(live.ResourceVersion, than.ResourceVersion)
	return err != nil || order > 0
}

func unique(keys []ir.Key) []ir.Key {
	slices.SortFunc(keys, ir.Key.Compare)
	return slices.Compact(keys)
}

// View returns what a unit's plan asks about the rest of the cluster.
func (c *Cache) View(key ir.Key, served func(schema.GroupVersionKind) bool, terminating func(string) bool) View {
	return View{
		Served:      served,
		Terminating: terminating,
		Exists:      c.exists,
		Needed:      func(ref translators.ObjectRef) bool { return c.needed(ref, key) },
		Rivals:      c.foreign,
	}
}
