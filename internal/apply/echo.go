package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// echo is what watches told of an object while it was being written. Only the
// answer to the write says whether that was the write itself, of which nobody
// needs to hear, or a change by somebody else.
type echo struct {
	writers int
	// live is the newest form that was seen, and gone the object that ended
	// before it; either may be missing.
	live *Live
	gone types.UID
}

// hold keeps back what watches tell of an object until it is released.
func (c *Cache) hold(ref translators.ObjectRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.echoes[ref] == nil {
		c.echoes[ref] = &echo{}
	}
	c.echoes[ref].writers++
}

// release takes note of what was kept back, where it is newer than what is
// known by now. It returns the units that have to be planned again for it.
func (c *Cache) release(ref translators.ObjectRef) []ir.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.echoes[ref]
	if e.writers--; e.writers > 0 {
		return nil
	}
	delete(c.echoes, ref)
	var keys []ir.Key
	if e.gone != "" {
		keys = c.remove(ref, e.gone)
	}
	if e.live != nil {
		keys = append(keys, c.put(e.live)...)
	}
	return unique(keys)
}

func (e *echo) saw(live *Live) {
	if e.live == nil || e.live.UID != live.UID || newer(live, e.live) {
		e.live = live
	}
}

func (e *echo) lost(uid types.UID) {
	if e.live != nil && e.live.UID == uid {
		e.live = nil
	}
	e.gone = uid
}

// without returns the keys but one.
func without(keys []ir.Key, key ir.Key) []ir.Key {
	return slices.DeleteFunc(slices.Clone(keys), func(k ir.Key) bool { return k == key })
}
