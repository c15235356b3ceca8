package apply

import (
	"errors"
	"testing"
	"time"
)

func TestContestsSlowDown(t *testing.T) {
	var c contests
	ref, now := known("a", "", "").Ref, time.Unix(1000, 0)
	admitted := 0
	for range 60 * 100 {
		if c.admit(ref, "same", now) == nil {
			admitted++
		}
		now = now.Add(10 * time.Millisecond)
	}
	if admitted < freeRepairs || admitted > 20 {
		t.Errorf("%d repairs in a minute of an object that is changed 100 times a second", admitted)
	}
	if err := c.admit(ref, "other", now); err != nil {
		t.Errorf("what the user wants now is not written: %v", err)
	}
	if err := c.admit(ref, "same", now.Add(2*contestEnds)); err != nil {
		t.Errorf("long after the contest: %v", err)
	}
}

func TestAContestedObjectIsLeftForAWhile(t *testing.T) {
	r := newRig(t)
	objects := r.stamped(virtualService("contested", 75))
	r.apply(objects)
	for range 20 {
		r.patch(virtualServices, "contested", `[{"op":"replace","path":"/spec/hosts/0","value":"elsewhere.test"}]`)
		if _, _, err := r.writer.Run(t.Context(), r.plan(objects)); err != nil {
			if !errors.Is(err, ErrContested) {
				t.Fatal(err)
			}
			return
		}
	}
	t.Error("repaired without end")
}
