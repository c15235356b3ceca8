//go:build e2e

package compiled

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/test/engines/istiod"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/istio"
)

func TestMain(m *testing.M) {
	code := istiod.Main(m)
	results.print(os.Stdout)
	os.Exit(code)
}

// patience is how long istiod gets to see what was written.
const patience = 15 * time.Second

func TestCompiled(t *testing.T) {
	for _, p := range []place{inMesh, atGateway} {
		t.Run(p.variant, func(t *testing.T) {
			w := newWorld(t, p)
			for _, c := range cases() {
				for _, at := range c.places {
					if at.variant == p.variant {
						t.Run(c.name, func(t *testing.T) { w.run(t, &c) })
					}
				}
			}
		})
	}
}

// run makes sure that no assertion holds yet, writes the case, and waits until
// all of them do.
func (w *world) run(t *testing.T, c *compiled) {
	t.Helper()
	w.program(t, c.before)
	for _, k := range c.checks {
		if err := w.await(t.Context(), &k, false); err != nil {
			results.note(w.place.variant, k.feature, false)
			t.Errorf("%s: %v", k.feature, err)
		}
	}
	w.program(t, c.manifest(&w.place))
	for _, k := range c.checks {
		err := w.await(t.Context(), &k, true)
		results.note(w.place.variant, k.feature, err == nil)
		if err != nil {
			t.Errorf("%s: %v", k.feature, err)
		}
	}
}

// errHolds says that an assertion proves nothing.
var errHolds = errors.New("the assertion holds before the case is written")

// await fetches until the assertion holds, or until it does not.
func (w *world) await(ctx context.Context, k *check, wanted bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := ads.Await(ctx, w.istiod.XDS, w.node(k.at), func(s *ads.Snapshot) error {
		err := k.holds(w, s)
		switch {
		case wanted:
			return err
		case err == nil:
			return errHolds
		default:
			return nil
		}
	})
	return err
}

// unaskable are features of the matrix that no field of the unified API asks
// for, by variant.
var unaskable = map[string]map[ir.Feature]string{
	istio.VariantSidecar: {
		ir.BackendHeaders: "backends of a TrafficSplit have no filters",
	},
}

func TestEveryClaimIsAsserted(t *testing.T) {
	asserted := map[string]bool{}
	for _, c := range cases() {
		for _, p := range c.places {
			for _, k := range c.checks {
				asserted[p.variant+" "+string(k.feature)] = true
			}
		}
	}
	provider := istio.Provider()
	for _, v := range provider.Variants {
		if v.Name == istio.VariantAmbient {
			continue // test/engines/ambient asks what its waypoints get.
		}
		table := provider.Supports(translators.Env{Variant: v.Name})
		for _, info := range ir.Features() {
			claimed := table[info.Feature].Level == translators.Native || table[info.Feature].Level == translators.Emulated
			_, excused := unaskable[v.Name][info.Feature]
			has := asserted[v.Name+" "+string(info.Feature)]
			switch {
			case claimed && !has && !excused:
				t.Errorf("%s claims %s and no case asserts it", v.Name, info.Feature)
			case has && !claimed:
				t.Errorf("%s does not claim %s and a case asserts it", v.Name, info.Feature)
			case has && excused:
				t.Errorf("%s: %s is asserted and excused", v.Name, info.Feature)
			}
		}
	}
}

// TestAnAssertionThatHoldsByItselfIsFound is the test of the test.
func TestAnAssertionThatHoldsByItselfIsFound(t *testing.T) {
	w := newWorld(t, inMesh)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	idle := check{holds: func(*world, *ads.Snapshot) error { return nil }}
	if err := w.await(ctx, &idle, false); !errors.Is(err, errHolds) {
		t.Errorf("an assertion that says nothing passed: %v", err)
	}
	broken := check{holds: func(*world, *ads.Snapshot) error { return fmt.Errorf("no") }}
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := w.await(ctx, &broken, true); err == nil {
		t.Error("an assertion that never holds passed")
	}
}
