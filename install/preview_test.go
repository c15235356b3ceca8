package install_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/install"
)

// TestPreviewIsWhatHappens shows that what is told before is what is done then.
func TestPreviewIsWhatHappens(t *testing.T) {
	for name, c := range map[string]struct {
		from, to string
		edit     []func(*install.Wanted)
	}{
		"install": {"", "1.30", nil}, "canary": {"1.30", "1.31", nil},
		"in place": {"1.30", "1.31", []func(*install.Wanted){inPlace}},
		"manual":   {"1.30", "1.31", []func(*install.Wanted){manual}},
		"too far":  {"1.29", "1.32", nil},
		"removal":  {"1.30", "1.30", []func(*install.Wanted){func(w *install.Wanted) { w.Deleting = true }}},
	} {
		t.Run(name, func(t *testing.T) {
			s := empty(bookshop()...)
			if c.from != "" {
				s = settled(t, wanted(c.from), s)
			}
			w := wanted(c.to, c.edit...)
			before := copied(s)
			told := install.Preview(fake(), w, s)
			before.Now = s.Now
			if diff := cmp.Diff(before, s); diff != "" {
				t.Errorf("telling changed what was seen:\n%s", diff)
			}
			var done []install.Line
			for range 200 {
				step, state := install.Next(fake(), w, s)
				if step.Kind != install.StepWait || step.After == 0 {
					done = append(done, install.Line{Kind: step.Kind, Text: step.Message})
				}
				if ends(step) {
					break
				}
				s = install.Simulate(w, s, step, state)
			}
			for i := range told {
				told[i].Chart, told[i].Reason = nil, ""
			}
			if diff := cmp.Diff(told, done); diff != "" {
				t.Errorf("what was told and what was done differ (-told +done):\n%s", diff)
			}
		})
	}
}

// TestPreviewShowsValues shows that a plan has the values of its charts.
func TestPreviewShowsValues(t *testing.T) {
	for _, line := range install.Preview(fake(), wanted("1.30"), empty()) {
		if line.Kind != install.StepInstall {
			continue
		}
		if line.Chart == nil || len(line.Chart.Values) == 0 {
			t.Errorf("%s: without values", line.Text)
		}
	}
}

// TestPreviewEnds shows that a plan ends also where a wave cannot.
func TestPreviewEnds(t *testing.T) {
	w := wanted("1.30")
	s := empty(namespace("shop", deployment("web", func(w *install.MemberWorkload) { w.RolledOut = false })))
	told := install.Preview(fake(), w, s)
	last := told[len(told)-1]
	if last.Kind != install.StepWait || last.Text == "" {
		t.Errorf("it ends with %s %q", last.Kind, last.Text)
	}
}
