package apply

import (
	"fmt"
	"testing"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// guarded is a guard over a mesh of so many objects, at a time that stands.
func guarded(live *int) *Guard {
	now := time.Unix(1000, 0)
	return &Guard{
		Live:      func(string) int { return *live },
		Confirmed: func(string) int { return 0 },
		Stopped:   func() bool { return false },
		Now:       func() time.Time { return now },
	}
}

func unitKey(i int) ir.Key {
	return ir.Key{Kind: ir.KindService, Mesh: "m", Namespace: "n", Name: fmt.Sprint("s", i)}
}

func TestGuardHoldsAMass(t *testing.T) {
	live := 20
	g := guarded(&live)
	keys := make([]ir.Key, 11)
	for i := range keys {
		keys[i] = unitKey(i)
	}
	g.Expect(keys)
	for i, key := range keys {
		want := Wait
		if i == len(keys)-1 {
			want = Hold
		}
		if got, _ := g.Computed(key, 1); got != want {
			t.Errorf("unit %d: %s, want %s", i, got, want)
		}
	}
	if held, of := g.Holding("m"); held != 11 || of != 20 {
		t.Errorf("holds %d of %d", held, of)
	}
}

func TestGuardCountsTheRestOfAMassTogether(t *testing.T) {
	live := 20
	g := guarded(&live)
	for i := range 9 {
		if got, _ := g.Computed(unitKey(i), 1); got != Allow {
			t.Errorf("unit %d: %s, want it allowed", i, got)
		}
	}
	g.Removed(unitKey(0), 1)
	g.Computed(unitKey(9), 1)
	if got, _ := g.Computed(unitKey(10), 1); got != Hold {
		t.Errorf("the eleventh of 20: %s, want it held", got)
	}
}

func TestGuardLetsObjectsComeAndGo(t *testing.T) {
	live := 2
	g := guarded(&live)
	for i := range 20 {
		g.Expect([]ir.Key{unitKey(i)})
		if got, _ := g.Computed(unitKey(i), 2); got != Allow {
			t.Fatalf("round %d: %s, want it allowed", i, got)
		}
		g.Removed(unitKey(i), 2)
	}
}
