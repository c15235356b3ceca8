package apply

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
)

func TestWatchesDuringAWrite(t *testing.T) {
	ref := known("a", "", "").Ref
	cases := map[string]struct {
		// watched is what the watch tells between request and answer.
		watched func(*Cache)
		due     []ir.Key
		// uid and version are of what is known in the end; "" is nothing.
		uid, version string
	}{
		"nothing":                     {func(*Cache) {}, nil, "u", "6"},
		"the write itself":            {func(c *Cache) { c.Put(known("a", "u", "6")) }, nil, "u", "6"},
		"what was before":             {func(c *Cache) { c.Put(known("a", "u", "5")) }, nil, "u", "6"},
		"the write and a later edit":  {func(c *Cache) { c.Put(known("a", "u", "6")); c.Put(known("a", "u", "7")) }, []ir.Key{unit}, "u", "7"},
		"the write and a deletion":    {func(c *Cache) { c.Put(known("a", "u", "6")); c.Remove(ref, "u") }, []ir.Key{unit}, "", ""},
		"a deletion and a new object": {func(c *Cache) { c.Remove(ref, "u"); c.Put(known("a", "v", "8")) }, []ir.Key{unit}, "v", "8"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			c := NewCache()
			c.Put(known("a", "u", "5"))
			c.hold(ref)
			tt.watched(c)
			if live := c.Of(unit, nil)[ref]; live == nil || live.ResourceVersion != "5" {
				t.Errorf("before the answer %v is known, want version 5", live)
			}
			c.answered(known("a", "u", "6"))
			if diff := cmp.Diff(tt.due, c.release(ref)); diff != "" {
				t.Errorf("units to be planned again (-want +got):\n%s", diff)
			}
			live := c.Of(unit, nil)[ref]
			if live == nil {
				live = known("a", "", "")
			}
			if string(live.UID) != tt.uid || live.ResourceVersion != tt.version {
				t.Errorf("in the end %s at %s is known, want %s at %s", live.UID, live.ResourceVersion, tt.uid, tt.version)
			}
			if due := c.Put(known("a", "w", "9")); len(due) != 1 {
				t.Errorf("after the release an event makes %v due", due)
			}
		})
	}
}

func TestADeletionOfOursIsForgottenWhenItsEventCame(t *testing.T) {
	c := NewCache()
	c.Put(known("a", "u", "5"))
	ref := known("a", "", "").Ref
	c.hold(ref)
	c.Remove(ref, "u")
	c.deleted(ref, "u")
	if due := c.release(ref); len(due) > 0 || len(c.removed) > 0 || len(c.echoes) > 0 {
		t.Errorf("%v due, removed %v, echoes %v; want nothing left", due, c.removed, c.echoes)
	}
}

func TestOwnWritesMakeNobodyDue(t *testing.T) {
	r := newRig(t)
	objects := r.stamped(destinationRule("echo", "v1"), virtualService("echo", 75))
	// The watch is faster than the answer.
	r.writer.Wrote = func(_ Verb, kind string) {
		if kind == virtualServices.Kind {
			r.see(r.get(virtualServices, "echo"))
		} else {
			r.see(r.get(destinationRules, "echo"))
		}
	}
	_, due, err := r.writer.Run(t.Context(), r.plan(objects))
	if err != nil || len(due) > 0 {
		t.Errorf("our own writes made %v due, error %v", due, err)
	}
	r.writer.Wrote = func(_ Verb, kind string) {
		if kind == virtualServices.Kind {
			r.patch(virtualServices, "echo", `[{"op":"replace","path":"/spec/http/0/route/0/weight","value":1}]`)
		}
	}
	objects = r.stamped(destinationRule("echo", "v1"), virtualService("echo", 50))
	_, due, err = r.writer.Run(t.Context(), r.plan(objects))
	if err != nil || cmp.Diff([]ir.Key{r.key}, due) != "" {
		t.Errorf("an edit during the write made %v due, error %v; want the unit", due, err)
	}
}
