package install

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// walk is a cluster that Helm installs into, as far as Helm's storage shows it,
// and an installer that may die anywhere.
type walk struct {
	random   *rand.Rand
	now      time.Time
	releases map[string]*Release
	state    []v1alpha1.InstalledRelease
	// dying is how likely the installer dies at each place where it can.
	dying float64
	log   []string
}

func (w *walk) dies() bool { return w.random.Float64() < w.dying }

// What becomes of a chart is in its values.
func refused(c *Chart) bool { return c.Values["refused"] == true }
func unready(c *Chart) bool { return c.Values["unready"] == true }

func (w *walk) request(charts []Chart) ChartsRequest {
	r := ChartsRequest{Owner: "Mesh/shop", Charts: charts, State: w.state, Now: w.now}
	for _, rel := range w.releases {
		r.Releases = append(r.Releases, *rel)
	}
	r.Gate = func(g Gate) (bool, string) {
		for i := range charts {
			if rel := w.releases[charts[i].key()]; charts[i].Release == g.Name && rel != nil && rel.Digest == Digest(charts[i]) {
				return !unready(&charts[i]), "0 of 1 pods are ready"
			}
		}
		return true, ""
	}
	return r
}

// step lets the installer look, note and act once. It returns what it decided.
func (w *walk) step(charts []Chart) Step {
	w.now = w.now.Add(time.Duration(w.random.IntN(20)+1) * time.Second)
	request := w.request(charts)
	s := NextChart(request)
	w.log = append(w.log, fmt.Sprintf("%s %s: %s", w.now.Format(time.TimeOnly), s.Kind, s.Message))
	if w.dies() {
		return s
	}
	w.state = Noted(request, s)
	if s.Kind == StepWait {
		w.now = w.now.Add(s.After)
	}
	if s.Kind == StepDone || s.Kind == StepWait || s.Kind == StepRefuse || w.dies() {
		return s
	}
	w.act(s)
	return s
}

// act does a step as Helm does: a new revision is pending until all is written.
func (w *walk) act(s Step) {
	key := s.Chart.key()
	rel := w.releases[key]
	switch s.Kind {
	case StepUninstall:
		rel.Status = Uninstalling
		if !w.dies() {
			delete(w.releases, key)
		}
		return
	case StepUnlock:
		rel.Status, rel.Description = Failed, DescribedInterrupted+"its writer ended"
		return
	default:
	}
	next := &Release{
		Namespace: s.Chart.Namespace, Name: s.Chart.Release, Revision: 1, Ours: true, Owner: "Mesh/shop", Status: Pending,
		Updated: w.now, Digest: Digest(*s.Chart), ChartVersion: s.Chart.Version,
	}
	if rel != nil {
		next.Revision = rel.Revision + 1
		next.History = slices.Insert(slices.Clone(rel.History), 0,
			PastRevision{Revision: rel.Revision, Deployed: rel.Status == Deployed, Digest: rel.Digest})
	}
	fails := refused(s.Chart)
	if s.Kind == StepRollBack {
		fails = false
		for _, past := range rel.History {
			if past.Revision == s.To {
				next.Digest = past.Digest
			}
		}
	}
	w.releases[key] = next
	if w.dies() {
		return // The new revision stays pending.
	}
	switch {
	case w.dies(): // The API server went away and came back.
		next.Status, next.Description = Failed, DescribedInterrupted+"connection refused"
	case fails:
		next.Status, next.Description = Failed, Described+"Deployment is invalid"
	default:
		next.Status, next.Description = Deployed, Described+"done"
	}
}

// charts are what a user might ask for: two charts of some version and values.
func (w *walk) charts() []Chart {
	var charts []Chart
	for _, name := range []string{"base", "plane"} {
		values := map[string]any{"value": w.random.IntN(3)}
		switch w.random.IntN(5) {
		case 0:
			values["refused"] = true
		case 1:
			values["unready"] = true
		}
		charts = append(charts, Chart{
			Release: name, Namespace: "system", Name: name, Version: "1.31.0", Values: values,
			Gates: []Gate{{Kind: WorkloadReady, Resource: "Deployment", Name: name}},
		})
	}
	return charts
}

// TestEveryWalkEnds lets a user ask for one thing after the other, good and bad,
// while the installer dies over and over; then both calm down. What is there in
// the end must be what was asked or, where that cannot be, what worked before.
func TestEveryWalkEnds(t *testing.T) {
	for seed := range uint64(2000) {
		w := &walk{random: rand.New(rand.NewPCG(seed, 1)), now: noon, releases: map[string]*Release{}, dying: 0.2}
		var charts []Chart
		for range w.random.IntN(4) + 1 {
			charts = w.charts()
			for range w.random.IntN(20) {
				w.step(charts)
			}
		}
		w.dying = 0
		last := Step{}
		for range 60 {
			if last = w.step(charts); last.Kind == StepDone || last.Kind == StepRefuse {
				break
			}
		}
		if err := w.verdict(charts, last); err != nil {
			t.Fatalf("seed %d: %v\nasked: %v\n%s", seed, err, charts, strings.Join(w.log, "\n"))
		}
	}
}

// verdict says what is wrong with where a walk ended.
func (w *walk) verdict(charts []Chart, last Step) error {
	for i := range charts {
		c := &charts[i]
		rel := w.releases[c.key()]
		as := rel != nil && rel.Status == Deployed && rel.Digest == Digest(*c)
		bad := refused(c) || unready(c)
		switch {
		case bad && as:
			return fmt.Errorf("%s cannot work and is there", c.key())
		case bad && rel != nil && rel.Status != Deployed:
			return fmt.Errorf("%s is left %s", c.key(), rel.Status)
		case bad && (last.Kind != StepRefuse || last.Chart.key() != c.key()):
			return fmt.Errorf("%s cannot work, and the last step is %s", c.key(), last.Kind)
		case bad:
			return nil // What follows waits for it.
		case !as:
			return fmt.Errorf("%s is not there as asked", c.key())
		}
	}
	if last.Kind != StepDone {
		return fmt.Errorf("everything is there as asked, and the last step is %s", last.Kind)
	}
	return nil
}
