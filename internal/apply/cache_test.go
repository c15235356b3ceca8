package apply

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func known(name, uid, version string) *Live {
	l := &Live{Ref: translators.ObjectRef{GroupVersionKind: virtualServices, Namespace: "default", Name: name}, Ours: true, Unit: unit.Hash(), Key: unit, raw: []byte(version)}
	l.Namespace, l.Name, l.UID, l.ResourceVersion = "default", name, types.UID(uid), version
	return l
}

func TestCacheBelievesTheNewest(t *testing.T) {
	c := NewCache()
	if due := c.Put(known("a", "u", "5")); len(due) != 1 || due[0] != unit {
		t.Errorf("a new object makes %v due", due)
	}
	for _, version := range []string{"5", "4"} {
		if due := c.Put(known("a", "u", version)); len(due) > 0 {
			t.Errorf("version %s after 5 makes %v due", version, due)
		}
	}
	if due := c.Remove(known("a", "", "").Ref, "other"); len(due) > 0 {
		t.Errorf("the deletion of an earlier object makes %v due", due)
	}
	if c.Put(known("a", "u2", "3")); c.Of(unit, nil)[known("a", "", "").Ref].UID != "u2" {
		t.Error("an object that was made anew is not believed")
	}
}

func TestCacheDoesNotBelieveInWhatWeDeleted(t *testing.T) {
	c := NewCache()
	c.Put(known("a", "u", "5"))
	c.deleted(known("a", "u", "5").Ref, "u")
	if c.Put(known("a", "u", "6")); len(c.Of(unit, nil)) > 0 {
		t.Error("a late event brings it back")
	}
	deleting := known("a", "u", "7")
	deleting.Deleting = true
	if c.Put(deleting); len(c.Of(unit, nil)) != 1 {
		t.Error("that finalizers keep it is not seen")
	}
	c.Remove(deleting.Ref, "u")
	if n := c.Count("shop"); n != 0 {
		t.Errorf("%d objects are left", n)
	}
}

func TestCacheWakesWhoAsked(t *testing.T) {
	c := NewCache()
	asker := keyOf(9)
	rival := known("theirs", "u", "1")
	rival.Ours, rival.Unit, rival.Key, rival.Rivals = false, "", ir.Key{}, []string{"host"}
	c.Note(asker, []Topic{{Rival: "host"}, {Namespace: "default"}, {Object: known("b", "", "").Ref}}, nil)
	for what, due := range map[string][]ir.Key{
		"a rival came":        c.Put(rival),
		"a rival went":        c.Remove(rival.Ref, "u"),
		"an object came":      c.Put(known("b", "u", "1")),
		"a namespace changed": c.Changed(Topic{Namespace: "default"}),
	} {
		if len(due) == 0 || due[len(due)-1] != asker && due[0] != asker {
			t.Errorf("%s: %v is due", what, due)
		}
	}
	c.Note(asker, nil, nil)
	if due := c.Put(rival); len(due) > 0 {
		t.Errorf("who asked no longer is due: %v", due)
	}
}

func TestCacheWakesWhoAskedOnlyForAnotherAnswer(t *testing.T) {
	c := NewCache()
	asker, ref := keyOf(9), known("b", "", "").Ref
	c.Note(asker, []Topic{{Object: ref}}, nil)
	version := 0
	next := func(change func(*Live)) *Live {
		version++
		live := known("b", "u", fmt.Sprint(version))
		change(live)
		return live
	}
	for _, step := range []struct {
		what   string
		change func(*Live)
		wakes  bool
	}{
		{"it came", func(*Live) {}, true},
		{"its content changed", func(*Live) {}, false},
		{"it is somebody else's now", func(l *Live) { l.Ours = false }, true},
		{"it is ours again", func(*Live) {}, true},
		{"it is being deleted", func(l *Live) { l.Deleting = true }, true},
	} {
		if due := c.Put(next(step.change)); slices.Contains(due, asker) != step.wakes {
			t.Errorf("%s: %v is due, the asker among them: want %v", step.what, due, step.wakes)
		}
	}
	if due := c.Remove(ref, "u"); !slices.Contains(due, asker) {
		t.Errorf("it went: %v is due", due)
	}
}

func TestCacheIsSafeForConcurrentUse(t *testing.T) {
	c := NewCache()
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := range 200 {
				live := known(fmt.Sprint(i%10), fmt.Sprint(w), fmt.Sprint(i+1))
				c.Put(live)
				c.Note(keyOf(i%5), []Topic{{Object: live.Ref}}, nil)
				c.View(unit, nil, nil).Exists(live.Ref)
				c.Of(unit, nil)
				c.Units()
				c.Version()
				if i%3 == 0 {
					c.deleted(live.Ref, live.UID)
				}
			}
		})
	}
	workers.Wait()
}

func TestCacheGivesRoomBack(t *testing.T) {
	c := NewCache()
	const all, stay = 2 * minShed, 10
	name := func(n int) string { return fmt.Sprint(n) }
	for n := range all {
		c.Put(known(name(n), name(n), "1"))
		c.Note(keyOf(n), []Topic{{Object: known(name(n), "", "").Ref}}, nil)
	}
	for n := stay; n < all; n++ {
		c.Note(keyOf(n), nil, nil)
		c.Remove(known(name(n), "", "").Ref, types.UID(name(n)))
	}
	if c.went >= minShed {
		t.Errorf("%d objects went and no room was given back", c.went)
	}
	if got := len(c.Of(unit, nil)); got != stay {
		t.Errorf("%d objects stay, want %d", got, stay)
	}
	if due := c.Remove(known(name(3), "", "").Ref, types.UID(name(3))); !slices.Contains(due, keyOf(3)) {
		t.Errorf("who asked about an object that stayed is forgotten: %v", due)
	}
}
