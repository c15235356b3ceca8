package apply

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

func guardOf(live, agreed int) *Guard {
	return &Guard{
		Live: func(string) int { return live }, Confirmed: func(string) int { return agreed },
		Stopped: func() bool { return false }, Now: func() time.Time { return time.Unix(1000, 0) },
	}
}

func keyOf(i int) ir.Key {
	return ir.Key{Kind: ir.KindService, Mesh: "shop", Namespace: "shop", Name: fmt.Sprint(i)}
}

func TestGuardJudgesOneUnit(t *testing.T) {
	cases := map[string]struct {
		live, agreed, doomed int
		want                 Verdict
	}{
		"half is no mass":            {40, 0, 20, Allow},
		"more than half is":          {40, 0, 21, Hold},
		"a few never are":            {9, 0, 9, Allow},
		"ten of ten are":             {10, 0, 10, Hold},
		"unless somebody agreed":     {40, 21, 21, Allow},
		"or agreed to fewer":         {40, 20, 21, Hold},
		"nothing to remove is right": {40, 0, 0, Allow},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got, _ := guardOf(c.live, c.agreed).Computed(keyOf(1), c.doomed); got != c.want {
				t.Errorf("verdict %s, want %s", got, c.want)
			}
		})
	}
}

func TestGuardAssessesAnEventAsAWhole(t *testing.T) {
	g := guardOf(30, 0)
	g.Expect([]ir.Key{keyOf(1), keyOf(2)})
	if got, _ := g.Computed(keyOf(1), 8); got != Wait {
		t.Errorf("before the others are computed: %s", got)
	}
	got, others := g.Computed(keyOf(2), 8)
	if got != Hold || len(others) != 1 || others[0] != keyOf(1) {
		t.Errorf("when all are computed: %s, and %v hear of it", got, others)
	}
	if held, of := g.Holding("shop"); held != 16 || of != 30 {
		t.Errorf("holding %d of %d", held, of)
	}
	g.Confirmed = func(string) int { return 16 }
	if waiting := g.Waiting("shop"); len(waiting) != 2 {
		t.Errorf("waiting: %v", waiting)
	}
	if got, _ := g.Computed(keyOf(1), 8); got != Allow {
		t.Errorf("after somebody agreed: %s", got)
	}
}

func TestGuardCountsWhatWentOfTheSameMass(t *testing.T) {
	g := guardOf(30, 0)
	for i := range 16 {
		g.Computed(keyOf(i), 1)
	}
	g.Removed(keyOf(0), 1)
	if got, _ := g.Computed(keyOf(1), 1); got != Hold {
		t.Errorf("after one of too many went: %s", got)
	}
	g.Now = func() time.Time { return time.Unix(1000, 0).Add(2 * massWindow) }
	if got, _ := g.Computed(keyOf(1), 1); got != Allow {
		t.Errorf("much later, when what is left is no mass: %s", got)
	}
}

func TestGuardStops(t *testing.T) {
	g := guardOf(30, 30)
	g.Stopped = func() bool { return true }
	for _, key := range []ir.Key{keyOf(1), {Kind: ir.KindGateway}} {
		if got, _ := g.Computed(key, 1); got != Hold {
			t.Errorf("%s: %s while stopped", key, got)
		}
	}
}

func TestGuardIsSafeForConcurrentUse(t *testing.T) {
	g := guardOf(30, 0)
	var workers sync.WaitGroup
	for w := range 4 {
		workers.Go(func() {
			for i := range 100 {
				g.Expect([]ir.Key{keyOf(i)})
				g.Computed(keyOf(i), i%3)
				g.Removed(keyOf(i), w)
				g.Holding("shop")
				g.Waiting("shop")
			}
		})
	}
	workers.Wait()
}
