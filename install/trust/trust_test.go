package trust

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// TestRotation goes through a whole rotation, and has peers of every two
// stages that follow each other shake hands.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.rotate()
	want := []v1alpha1.TrustStage{v1alpha1.TrustSteady, v1alpha1.TrustIntroducing, v1alpha1.TrustSigning, v1alpha1.TrustRetiring, v1alpha1.TrustSteady}
	if diff := cmp.Diff(want, w.stages); diff != "" {
		t.Errorf("stages (-want +got):\n%s", diff)
	}
	if len(w.writes) != 4 {
		t.Fatalf("the control plane was given %d authorities, want 4: steady, introducing, signing, retiring", len(w.writes))
	}
	if refused := neighbours(t, w.req.Now, w.writes); refused != nil {
		t.Errorf("handshakes refused: %v", refused)
	}
	for i := 1; i < len(w.writes); i++ {
		if got, least := w.writes[i].Since.Sub(w.writes[i-1].Since), lifetime+propagation; i > 1 && got < least {
			t.Errorf("stage %d lasted %s, want at least %s", i-1, got, least)
		}
	}
	first, last := w.writes[0], w.writes[3]
	if handshake(t, first, last, w.req.Now) == nil {
		t.Error("the first and the last stage trust each other: was there a rotation?")
	}
	kept := w.place.Decode(w.stored, w.req.Now).Kept
	if kept.Next != nil || !bytes.Equal(kept.Root.Certificate, last.Roots) {
		t.Errorf("the root that is kept is not the one in force, or another waits: %v", kept.Next != nil)
	}
}

// TestOrder shows that the stages' order is what lets everybody shake hands:
// any two stages swapped, or one left out, and somebody is refused.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.rotate()
	for i := range w.writes {
		for j := range i {
			swapped := slices.Clone(w.writes)
			swapped[i], swapped[j] = swapped[j], swapped[i]
			if neighbours(t, w.req.Now, swapped) == nil {
				t.Errorf("stages %d and %d swapped: nobody was refused", i, j)
			}
		}
	}
	for i := 1; i < len(w.writes)-1; i++ {
		if neighbours(t, w.req.Now, slices.Delete(slices.Clone(w.writes), i, i+1)) == nil {
			t.Errorf("stage %d left out: nobody was refused", i)
		}
	}
}

// neighbours returns the pairs of a stage with itself and its neighbours whose
// handshake is refused.
func neighbours(t *testing.T, now time.Time, stages []install.Authority) (refused [][2]int) {
	t.Helper()
	for i, server := range stages {
		for j := max(0, i-1); j <= min(i+1, len(stages)-1); j++ {
			if handshake(t, server, stages[j], now) != nil {
				refused = append(refused, [2]int{i, j})
			}
		}
	}
	return refused
}

// TestTraffic lets workloads live through rotations: each renews its
// certificate when it likes, of a control plane that is fast or slow, and all
// of them shake hands at every step of the clock.
func TestTraffic(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	w := newWorld(t)
	w.settle()
	peers := make([]workload, 12)
	for i := range peers {
		peers[i] = workload{w.writes[0], epoch.Add(time.Duration(random.Int64N(int64(lifetime))))}
	}
	seen := map[[2]string]bool{}
	const step = 20 * time.Minute
	for range 24 * 3 * 12 {
		if w.req.Now.Equal(epoch.Add(30 * time.Hour)) {
			w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
		}
		if w.req.Now.Equal(epoch.Add(62 * time.Hour)) {
			// Another request in the middle of a rotation waits for its end.
			w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "again"
		}
		w.settle()
		for i := range peers {
			if !w.req.Now.Before(peers[i].renew) {
				peers[i] = workload{w.takenAt(random), w.req.Now.Add(lifetime/2 + time.Duration(random.Int64N(int64(lifetime/2))))}
			}
		}
		w.shakeHands(peers, seen)
		w.pass(step)
	}
	if len(w.writes) != 7 {
		t.Errorf("the control plane was given %d authorities, want 7: two rotations", len(w.writes))
	}
	if len(seen) < 12 {
		t.Errorf("only %d pairs of stages met", len(seen))
	}
}

// takenAt is what a control plane issues by, which may not have the newest yet.
func (w *world) takenAt(random *rand.Rand) install.Authority {
	at := w.req.Now.Add(-time.Duration(random.Int64N(int64(propagation))))
	for _, a := range slices.Backward(w.writes) {
		if !a.Since.After(at) {
			return a
		}
	}
	return w.writes[0]
}

// shakeHands has every two peers meet, once for each pair of authorities.
func (w *world) shakeHands(peers []workload, seen map[[2]string]bool) {
	w.t.Helper()
	for _, a := range peers {
		for _, b := range peers {
			pair := [2]string{string(a.authority.Certificate) + string(a.authority.Roots), string(b.authority.Certificate) + string(b.authority.Roots)}
			if seen[pair] {
				continue
			}
			seen[pair] = true
			if err := handshake(w.t, a.authority, b.authority, w.req.Now); err != nil {
				w.t.Fatalf("at %s: %v", w.req.Now.Sub(epoch), err)
			}
		}
	}
}

// TestReproducible shows that the same random bytes and clock give the same
// Secrets, byte by byte.
func TestReproducible(t *testing.T) {
	run := func() []install.Authority {
		w := newWorld(t)
		w.settle()
		w.rotate()
		return w.writes
	}
	if !slices.EqualFunc(run(), run(), same) {
		t.Error("two runs differ")
	}
}
