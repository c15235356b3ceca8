package trust

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

const day = 24 * time.Hour

// give names a user's Secret with a new root in it.
func (w *world) give(entries map[string][]byte) {
	w.req.Wanted.Spec.Trust = &v1alpha1.MeshTrust{RootSecretRef: &v1alpha1.LocalObjectReference{Name: "mine"}}
	w.stored.Given = &corev1.Secret{Data: entries}
}

// userRoot is a root as a user makes it.
func userRoot(t *testing.T, w *world) map[string][]byte {
	t.Helper()
	root, err := NewRoot(w.req.Rand, "user", w.req.Now)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{certificateEntry: root.Certificate, keyEntry: root.Key}
}

// finish lets a rotation run to its end, and has all stages shake hands.
func (w *world) finish() {
	w.t.Helper()
	from := max(0, len(w.writes)-1)
	for range 4 * 25 {
		if step := w.settle(); step.Kind != install.StepDone {
			w.t.Fatalf("%s: %s", step.Kind, step.Message)
		}
		w.pass(time.Hour)
	}
	if refused := neighbours(w.t, w.req.Now, w.writes[from:]); refused != nil {
		w.t.Errorf("handshakes refused: %v", refused)
	}
}

// roots are the roots that are trusted now.
func (w *world) roots() string {
	return string(w.place.Decode(w.stored, w.req.Now).Issued.Roots)
}

// TestChangeOfRoots goes from every kind of root to every other one, by the
// same stages.
func TestChangeOfRoots(t *testing.T) {
	w := newWorld(t)
	w.settle()
	generated := w.roots()

	mine := userRoot(t, w)
	w.give(mine)
	w.finish()
	if w.roots() != string(mine[certificateEntry]) {
		t.Error("the user's root is not the one in force")
	}
	other := userRoot(t, w)
	w.give(other)
	w.finish()
	if w.roots() != string(other[certificateEntry]) {
		t.Error("the user's next root is not the one in force")
	}
	w.req.Wanted.Spec.Trust = nil
	w.finish()
	if w.roots() != generated {
		t.Error("the root that was kept is not in force again")
	}
	if len(w.writes) != 1+3*3 {
		t.Errorf("%d writes, want one and three for each of three rotations", len(w.writes))
	}
}

// TestChangeOfMind edits the root in the middle of a rotation: whatever was
// trusted stays so until nobody can hang on it.
func TestChangeOfMind(t *testing.T) {
	for hours := range 4 {
		w := newWorld(t)
		w.settle()
		w.give(userRoot(t, w))
		for range 20*hours + 1 {
			w.settle()
			w.pass(time.Hour)
		}
		last := userRoot(t, w)
		w.give(last)
		w.finish()
		if w.roots() != string(last[certificateEntry]) {
			t.Errorf("edit after %d hours: the last root is not the one in force", 20*hours)
		}
		if refused := neighbours(t, w.req.Now, w.writes); refused != nil {
			t.Errorf("edit after %d hours: handshakes refused: %v", 20*hours, refused)
		}
	}
}

// TestLostStatus has the status lost at every step of the clock: the stages
// neither get shorter nor start anew.
func TestLostStatus(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
	for range 4 * 25 {
		w.req.State = nil
		w.settle()
		w.pass(time.Hour)
	}
	if len(w.writes) != 4 {
		t.Fatalf("%d writes, want 4", len(w.writes))
	}
	if refused := neighbours(t, w.req.Now, w.writes); refused != nil {
		t.Errorf("handshakes refused: %v", refused)
	}
}

// TestCrash has the process die after every single write, its status unsaved.
func TestCrash(t *testing.T) {
	w := newWorld(t)
	w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "first"
	for range 8 * 25 {
		d := w.decide()
		if d.Step.Kind == install.StepKeepTrust {
			w.stored.Kept = w.store(d.Step)
		}
		if d.Step.Kind == install.StepWriteTrust {
			w.stored.Issued = w.store(d.Step)
			w.writes = append(w.writes, *d.Step.Authority)
		}
		if w.req.Now.Equal(epoch.Add(20 * time.Hour)) {
			w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "second"
		}
		w.pass(time.Hour)
	}
	if refused := neighbours(t, w.req.Now, w.writes); refused != nil || len(w.writes) != 4 {
		t.Errorf("%d writes, want 4; handshakes refused: %v", len(w.writes), refused)
	}
}

// TestYears lets eleven years go by week by week: authorities are renewed with
// months left, the root with two years, and nothing is ever refused.
func TestYears(t *testing.T) {
	w := newWorld(t)
	w.settle()
	met := 0
	for range 11 * 52 {
		step := w.settle()
		if step.Kind != install.StepDone || step.After <= 0 || step.After > horizon {
			t.Fatalf("%s after %s: %s", step.Kind, step.After, step.Message)
		}
		last := w.writes[len(w.writes)-1]
		if by, err := parse(&last); err != nil || by.cert.NotAfter.Sub(w.req.Now) < 100*day || by.root.NotAfter.Sub(w.req.Now) < 365*day {
			t.Fatalf("week of %s: an authority until %s, a root until %s", w.req.Now, by.cert.NotAfter, by.root.NotAfter)
		}
		for ; met < len(w.writes); met++ {
			before := w.writes[max(0, met-1)]
			if err := errors.Join(handshake(t, before, last, w.req.Now), handshake(t, last, before, w.req.Now)); err != nil {
				t.Fatalf("write %d: %v", met, err)
			}
		}
		w.pass(7 * day)
	}
	if len(w.writes) < 15 || len(w.writes) > 25 {
		t.Errorf("%d writes in eleven years", len(w.writes))
	}
}

// TestRootKey shows that the control plane never gets the key of the root.
func TestRootKey(t *testing.T) {
	w := newWorld(t)
	w.settle()
	kept := w.place.Decode(w.stored, w.req.Now).Kept.Root
	for name, value := range w.stored.Issued.Data {
		if bytes.Contains(value, bytes.TrimSpace(kept.Key)) {
			t.Errorf("entry %q has the root's key", name)
		}
	}
	by, err := parse(&w.writes[0])
	if err != nil {
		t.Fatal(err)
	}
	if by.root.Equal(by.cert) || !by.cert.MaxPathLenZero {
		t.Error("the control plane got a root, or may make authorities below its own")
	}
}

// refusals are what is not done, and what is said then.
var refusals = []struct {
	name string
	to   func(*world)
	want string // part of the message; "" where nothing is refused and nothing done
}{
	{"a mesh that was adopted keeps its root", func(w *world) {
		w.req.Running = true
	}, ""},
	{"a mesh that was adopted has a Secret of its own", func(w *world) {
		w.req.Running, w.stored.Issued = true, &corev1.Secret{}
	}, ""},
	{"a mesh that was adopted is asked to rotate", func(w *world) {
		w.req.Running = true
		w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
	}, "cannot be rotated: remove the annotation"},
	{"a mesh that was adopted is given a root", func(w *world) {
		w.req.Running = true
		w.give(userRoot(w.t, w))
	}, "a root that Meshloom does not have"},
	{"somebody else's Secret", func(w *world) {
		w.stored.Issued = &corev1.Secret{}
		w.stored.Issued.Namespace, w.stored.Issued.Name = "mesh-system", "authority"
	}, "Secret mesh-system/authority is not Meshloom's"},
	{"another mesh's root", func(w *world) {
		w.settle()
		w.stored.Kept.Labels[v1alpha1.LabelOwner] = "Mesh.other"
	}, "is not Meshloom's"},
	{"both Secrets gone under a mesh", func(w *world) {
		w.settle()
		w.stored = Stored{}
	}, "bring them back from a backup"},
	{"a broken Secret of ours", func(w *world) {
		w.settle()
		w.stored.Issued.Data["r"] = []byte("x")
	}, "what the control plane was given cannot be read"},
	{"a broken root of ours", func(w *world) {
		w.settle()
		w.stored.Kept.Data[keyEntry] = nil
	}, "the root that is kept cannot be read"},
	{"a user's Secret that is not there", func(w *world) {
		w.give(nil)
		w.stored.Given = nil
	}, "spec.trust.rootSecretRef: Secret mesh-system/mine: it was not found"},
	{"a user's Secret that breaks later", func(w *world) {
		w.give(userRoot(w.t, w))
		w.settle()
		w.stored.Given.Data[keyEntry] = nil
	}, "tls.key: there is no private key in it"},
	{"asked to rotate what is given", func(w *world) {
		w.give(userRoot(w.t, w))
		w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
		w.settle()
	}, "put the new root into that Secret"},
	{"a Mesh that goes", func(w *world) {
		w.req.Wanted.Deleting = true
	}, ""},
}

// TestRefusals shows that what cannot be done safely is not, and that the
// message says what to do.
func TestRefusals(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.to(w)
			d := w.decide()
			want := install.StepRefuse
			if c.want == "" {
				want = install.StepDone
			}
			if d.Step.Kind != want || !strings.Contains(d.Step.Message, c.want) {
				t.Errorf("%s %q, want %s with %q", d.Step.Kind, d.Step.Message, want, c.want)
			}
			if d.Step.Keep != nil || d.Step.Authority != nil {
				t.Error("something would be written")
			}
		})
	}
}

// TestBroughtBack shows what follows when a Secret was removed by hand.
func TestBroughtBack(t *testing.T) {
	t.Run("the authority, in every stage", func(t *testing.T) {
		for hours := 0; hours < 80; hours += 16 {
			w := newWorld(t)
			w.settle()
			w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "now"
			for range hours + 1 {
				w.settle()
				w.pass(time.Hour)
			}
			w.stored.Issued = nil
			w.finish()
			if refused := neighbours(t, w.req.Now, w.writes); refused != nil {
				t.Errorf("removed after %d hours: handshakes refused: %v", hours, refused)
			}
		}
	})
	t.Run("the root", func(t *testing.T) {
		w := newWorld(t)
		w.settle()
		w.stored.Kept = nil
		w.finish()
		if len(w.writes) != 4 {
			t.Errorf("%d writes, want a rotation to another root", len(w.writes))
		}
	})
	t.Run("the time", func(t *testing.T) {
		w := newWorld(t)
		w.settle()
		w.stored.Issued.Annotations = nil
		w.settle()
		if got := w.place.Decode(w.stored, w.req.Now).Issued.Since; !got.Equal(w.req.Now) {
			t.Errorf("since %s, want now", got)
		}
	})
	t.Run("both, and somebody wants another root", func(t *testing.T) {
		w := newWorld(t)
		w.settle()
		w.stored = Stored{}
		w.req.Wanted.Annotations[v1alpha1.AnnotationRotateRoot] = "lost"
		w.settle()
		if w.stored.Issued == nil {
			t.Error("no root was made")
		}
	})
}

// TestNoRandomness shows that no key is made of nothing.
func TestNoRandomness(t *testing.T) {
	w := newWorld(t)
	w.req.Rand = iotest.ErrReader(errors.New("empty"))
	if _, err := Next(w.req); err == nil || !strings.Contains(err.Error(), `make a root for mesh "shop": read random bytes: empty`) {
		t.Errorf("got %v", err)
	}
}
