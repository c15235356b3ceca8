package install

import (
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// plane is a chart with a gate, and base a Shared one without.
func plane(edit ...func(*Chart)) Chart {
	c := Chart{
		Release: "plane", Namespace: "system", Name: "plane", Version: "1.31.0", Source: Source{Kind: Embedded},
		Values: map[string]any{"replicas": 2},
		Gates:  []Gate{{Kind: WorkloadReady, Resource: "Deployment", Namespace: "system", Name: "plane"}},
	}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func base(edit ...func(*Chart)) Chart {
	c := Chart{Release: "base", Namespace: "system", Name: "base", Version: "1.31.0", Source: Source{Kind: Embedded}, Shared: true}
	for _, e := range edit {
		e(&c)
	}
	return c
}

func older(c *Chart) { c.Version = "1.30.0" }
func newer(c *Chart) { c.Version = "1.32.0" }

// made is the release that we made of a chart an hour ago.
func made(c Chart, edit ...func(*Release)) Release {
	r := Release{
		Namespace: c.Namespace, Name: c.Release, Chart: c.Name, ChartVersion: c.Version, Revision: 1, Status: Deployed,
		Ours: true, Owner: "Mesh/shop", Digest: Digest(c), Description: "Meshloom: installed", Updated: noon.Add(-time.Hour),
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func status(s ReleaseStatus) func(*Release) { return func(r *Release) { r.Status = s } }
func ago(d time.Duration) func(*Release)    { return func(r *Release) { r.Updated = noon.Add(-d) } }
func says(text string) func(*Release)       { return func(r *Release) { r.Description = text } }
func others(r *Release)                     { r.Owner = "Mesh/other" }
func byHand(r *Release)                     { r.Ours, r.Description, r.Revision = false, "Rollback to 1", r.Revision+1 }

func nobodys(r *Release) {
	r.Ours, r.Owner, r.Digest, r.Description = false, "", "", "Install complete"
}

func tookOver(r *Release) { r.Labels = map[string]string{v1alpha1.LabelTakenOver: r.Digest} }

// after lays older revisions under a release, the newest first.
func after(past ...PastRevision) func(*Release) {
	return func(r *Release) {
		for i := range past {
			past[i].Revision = len(past) - i
		}
		r.Revision, r.History = len(past)+1, past
	}
}

func ran(c Chart) PastRevision    { return PastRevision{Deployed: true, Digest: Digest(c)} }
func failed(c Chart) PastRevision { return PastRevision{Digest: Digest(c)} }

func noted(c Chart, edit func(*v1alpha1.InstalledRelease)) []v1alpha1.InstalledRelease {
	entry := v1alpha1.InstalledRelease{Namespace: v1alpha1.Namespace(c.Namespace), Name: c.Release}
	edit(&entry)
	return []v1alpha1.InstalledRelease{entry}
}

func hasFailed(c Chart) []v1alpha1.InstalledRelease {
	return noted(c, func(e *v1alpha1.InstalledRelease) { e.Failed, e.Why = Digest(c), "Deployment refused" })
}

func wasGood(c Chart) []v1alpha1.InstalledRelease {
	return noted(c, func(e *v1alpha1.InstalledRelease) { e.Good = Digest(c) })
}

type chartCase struct {
	name     string
	charts   []Chart // plane() where nil
	releases []Release
	state    []v1alpha1.InstalledRelease
	others   []string
	closed   bool // gates do not hold
	edit     func(*ChartsRequest)
	want     StepKind
	about    string // the release
	to       int
	reason   v1alpha1.ConditionReason
	message  string
}

func (c chartCase) request() ChartsRequest {
	r := ChartsRequest{
		Owner: "Mesh/shop", Charts: c.charts, Releases: c.releases, State: c.state, Others: c.others, Now: noon,
		Gate: func(Gate) (bool, string) { return !c.closed, "0 of 2 pods are ready" },
	}
	if r.Charts == nil {
		r.Charts = []Chart{plane()}
	}
	if c.edit != nil {
		c.edit(&r)
	}
	return r
}

func (c chartCase) check(t *testing.T, got Step) {
	t.Helper()
	about := ""
	if got.Chart != nil {
		about = got.Chart.Release
	}
	if got.Kind != c.want || c.about != "" && about != c.about || got.To != c.to ||
		c.reason != "" && got.Reason != c.reason || !strings.Contains(got.Message, c.message) {
		t.Errorf("step %s of %s to %d, %s: %q\nwant %s of %s to %d, %s: %q",
			got.Kind, about, got.To, got.Reason, got.Message, c.want, c.about, c.to, c.reason, c.message)
	}
	if got.Kind == StepWait && got.After <= 0 {
		t.Error("a wait that does not say until when")
	}
}

func retry(r *ChartsRequest)    { r.Retry = true }
func takeOver(r *ChartsRequest) { r.TakeOver = true }
func noGates(r *ChartsRequest)  { r.Gate = nil }

func TestNextChart(t *testing.T) {
	values := plane(func(c *Chart) { c.Values = map[string]any{"replicas": 3} })
	both := []Chart{base(), plane()}
	for _, c := range []chartCase{
		{name: "nothing there", charts: both, want: StepInstall, about: "base", reason: v1alpha1.ReasonReconciling},
		{name: "the first is there", charts: both, releases: []Release{made(base())}, want: StepInstall, about: "plane"},
		{name: "all there", charts: both, releases: []Release{made(base()), made(plane())}, want: StepDone, reason: v1alpha1.ReasonInstalled},
		{name: "no charts", charts: []Chart{}, want: StepDone},
		{name: "another namespace's", releases: []Release{made(plane(), func(r *Release) { r.Namespace = "other" })}, want: StepInstall},
		{
			name: "gates keep the next chart back", charts: []Chart{plane(), base()}, closed: true,
			releases: []Release{made(plane(), ago(time.Minute))}, want: StepWait, about: "plane",
			message: "Deployment system/plane: 0 of 2 pods are ready",
		},
		{name: "gates that nobody looked at", edit: noGates, releases: []Release{made(plane(), ago(0))}, want: StepWait, message: "not looked at"},
		{
			name: "gates out of time, first install", closed: true, releases: []Release{made(plane(), ago(6*time.Minute))},
			want: StepUninstall, reason: v1alpha1.ReasonInstallFailed, message: "not ready within 5m0s",
		},
		{
			name: "gates out of time, upgrade", closed: true, releases: []Release{made(plane(), ago(6*time.Minute), after(ran(plane(older))))},
			want: StepRollBack, to: 1, reason: v1alpha1.ReasonRolledBack, message: "0 of 2 pods are ready",
		},
		{
			name: "gates that held once", closed: true, state: wasGood(plane()),
			releases: []Release{made(plane(), after(ran(plane(older))))}, want: StepWait, message: "not as it was",
		},
		{name: "another version", releases: []Release{made(plane(older))}, want: StepUpgrade, message: "from chart plane 1.30.0 to plane 1.31.0"},
		{name: "other values", releases: []Release{made(values)}, want: StepUpgrade},
		{name: "an older version is asked", charts: []Chart{plane(older)}, releases: []Release{made(plane())}, want: StepUpgrade},
		{name: "upgrade that failed before", releases: []Release{made(plane(older))}, state: hasFailed(plane()), want: StepRefuse, reason: v1alpha1.ReasonRolledBack, message: "Deployment refused"},
		{name: "something else failed before", releases: []Release{made(plane(older))}, state: hasFailed(values), want: StepUpgrade},
		{name: "failed before, again", releases: []Release{made(plane(older))}, state: hasFailed(plane()), edit: retry, want: StepUpgrade},
		{name: "install that failed before", state: hasFailed(plane()), want: StepRefuse, reason: v1alpha1.ReasonInstallFailed, message: "Deployment refused"},
		{name: "install that failed before, again", state: hasFailed(plane()), edit: retry, want: StepInstall},
		{name: "died after noting the failure", releases: []Release{made(plane(), after(ran(plane(older))))}, state: hasFailed(plane()), want: StepRollBack, to: 1},
		{name: "somebody else's", releases: []Release{made(plane(), nobodys)}, want: StepRefuse, reason: v1alpha1.ReasonConflicted, message: "meshctl adopt"},
		{name: "somebody else's, agreed", edit: takeOver, releases: []Release{made(plane(), nobodys)}, want: StepUpgrade},
		{name: "another mesh's", releases: []Release{made(plane(), others)}, others: []string{"Mesh/other"}, want: StepRefuse, reason: v1alpha1.ReasonConflicted, message: "Mesh/other"},
		{name: "being written", releases: []Release{made(plane(), status(Pending), ago(10*time.Second))}, want: StepWait},
		{name: "its writer died", releases: []Release{made(plane(), status(Pending), ago(2*time.Minute))}, want: StepUnlock},
		{name: "being removed", releases: []Release{made(plane(), status(Uninstalling))}, want: StepUninstall, reason: v1alpha1.ReasonReconciling},
		{name: "changed by hand", releases: []Release{made(plane(), byHand)}, want: StepRefuse, reason: v1alpha1.ReasonChangedByHand, message: "revision 2: Rollback to 1"},
		{name: "changed by hand to something else", releases: []Release{made(plane(older), byHand)}, want: StepRefuse, reason: v1alpha1.ReasonChangedByHand},
		{name: "changed by hand, taken back", releases: []Release{made(plane(), byHand)}, edit: retry, want: StepUpgrade},
		{name: "being changed by hand", releases: []Release{made(plane(), byHand, status(Pending), ago(time.Minute))}, want: StepWait, message: "somebody"},
		{name: "left half changed by hand", releases: []Release{made(plane(), byHand, status(Pending))}, want: StepRefuse, reason: v1alpha1.ReasonChangedByHand},
		{name: "failed by hand", releases: []Release{made(plane(), byHand, status(Failed))}, want: StepRefuse, reason: v1alpha1.ReasonChangedByHand},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, NextChart(c.request())) })
	}
}

func TestNextChartAfterFailure(t *testing.T) {
	cut := says(DescribedInterrupted + "its writer ended")
	bad := says("Meshloom: upgrade: Deployment system/plane is invalid")
	eleven := []PastRevision{ran(plane(older))}
	for range 10 {
		eleven = append([]PastRevision{failed(plane())}, eleven...)
	}
	for _, c := range []chartCase{
		{name: "first install", releases: []Release{made(plane(), status(Failed), bad)}, want: StepUninstall, reason: v1alpha1.ReasonInstallFailed, message: "Deployment system/plane is invalid"},
		{name: "upgrade", releases: []Release{made(plane(), status(Failed), bad, after(ran(plane(older))))}, want: StepRollBack, to: 1, message: "is invalid"},
		{
			name: "upgrade after many", want: StepRollBack, to: 3,
			releases: []Release{made(plane(), status(Failed), bad, after(failed(plane()), ran(plane(older)), ran(plane()), failed(plane())))},
		},
		{
			name: "what failed its gates ran once", want: StepRollBack, to: 1,
			releases: []Release{made(plane(), status(Failed), bad, after(ran(plane()), ran(plane(older))))},
		},
		{
			name: "taken over, then failed", want: StepRollBack, to: 1,
			releases: []Release{made(plane(), status(Failed), bad, after(PastRevision{Deployed: true}))},
		},
		{
			name: "took over what others made", want: StepRefuse, reason: v1alpha1.ReasonInstallFailed, message: "left as it is",
			releases: []Release{made(plane(), status(Failed), bad, tookOver)},
		},
		{
			name: "took over what others made, and is not ready", closed: true, want: StepRefuse, reason: v1alpha1.ReasonInstallFailed,
			releases: []Release{made(plane(), tookOver, after(PastRevision{Deployed: true}))},
		},
		{
			name: "took it over before", want: StepRollBack, to: 1,
			releases: []Release{made(plane(), status(Failed), bad, func(r *Release) {
				r.Labels = map[string]string{v1alpha1.LabelTakenOver: Digest(plane(older))}
			}, after(ran(plane(older))))},
		},
		{name: "mended meanwhile", releases: []Release{made(plane(newer), status(Failed), bad, after(ran(plane(older))))}, want: StepUpgrade},
		{name: "asked again", edit: retry, state: hasFailed(plane()), releases: []Release{made(plane(), status(Failed), bad)}, want: StepUpgrade},
		{name: "interrupted, just now", releases: []Release{made(plane(), status(Failed), cut, ago(5*time.Second))}, want: StepWait},
		{name: "interrupted", releases: []Release{made(plane(), status(Failed), cut)}, want: StepUpgrade},
		{name: "interrupted upgrade", releases: []Release{made(plane(), status(Failed), cut, after(ran(plane(older))))}, want: StepUpgrade},
		{
			name: "interrupted too often", releases: []Release{made(plane(), status(Failed), cut, after(eleven...))},
			want: StepRollBack, to: 1,
		},
		{
			name: "interrupted rollback", state: hasFailed(plane()), want: StepRollBack, to: 1,
			releases: []Release{made(plane(older), status(Failed), cut, after(ran(plane()), ran(plane(older))))},
		},
		{
			name: "rollback that failed, just now", state: hasFailed(plane()), want: StepWait,
			releases: []Release{made(plane(older), status(Failed), bad, ago(time.Second), after(ran(plane()), ran(plane(older))))},
		},
		{
			name: "rollback that failed", state: hasFailed(plane()), want: StepRollBack, to: 1,
			releases: []Release{made(plane(older), status(Failed), bad, after(ran(plane()), ran(plane(older))))},
		},
		{
			name: "rollback that fails for good", state: hasFailed(plane()), want: StepRefuse, reason: v1alpha1.ReasonInstallFailed,
			edit:     func(r *ChartsRequest) { r.Limits.Attempts = 5 },
			releases: []Release{made(plane(older), status(Failed), bad, after(eleven...))},
		},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, NextChart(c.request())) })
	}
}

func TestNextChartShared(t *testing.T) {
	for _, c := range []chartCase{
		{name: "as asked", releases: []Release{made(base(), others)}, want: StepDone},
		{name: "another's values", releases: []Release{made(base(func(c *Chart) { c.Values = map[string]any{"a": 1} }), others)}, want: StepDone},
		{name: "newer", releases: []Release{made(base(newer), others)}, want: StepDone},
		{name: "older", releases: []Release{made(base(older), others)}, want: StepUpgrade},
		{name: "older, but that failed before", releases: []Release{made(base(older), others)}, state: hasFailed(base()), want: StepDone},
		{name: "in work", releases: []Release{made(base(older), others, status(Pending))}, want: StepWait, message: "Mesh/other"},
		{name: "its owner is gone", others: []string{}, releases: []Release{made(base(newer), others)}, want: StepUpgrade},
		{name: "changed by hand", releases: []Release{made(base(), byHand)}, want: StepRefuse, reason: v1alpha1.ReasonChangedByHand},
		{name: "somebody else's", releases: []Release{made(base(), nobodys)}, want: StepRefuse, reason: v1alpha1.ReasonConflicted},
		{
			name: "gates of another's", closed: true, want: StepWait, releases: []Release{made(base(), others)},
			charts: []Chart{base(func(c *Chart) { c.Gates = plane().Gates })},
		},
	} {
		if c.charts == nil {
			c.charts = []Chart{base()}
		}
		if c.others == nil {
			c.others = []string{"Mesh/other"}
		}
		t.Run(c.name, func(t *testing.T) { c.check(t, NextChart(c.request())) })
	}
}

func TestNextRemoval(t *testing.T) {
	both := []Chart{base(), plane()}
	for _, c := range []chartCase{
		{name: "in reverse", releases: []Release{made(base()), made(plane())}, want: StepUninstall, about: "plane", reason: v1alpha1.ReasonDeleting},
		{name: "then the rest", releases: []Release{made(base())}, want: StepUninstall, about: "base"},
		{name: "nothing left", want: StepDone},
		{name: "others need it", releases: []Release{made(base())}, others: []string{"Mesh/other"}, want: StepDone},
		{name: "another's that nobody needs", releases: []Release{made(base(), others)}, want: StepUninstall},
		{name: "somebody else's", releases: []Release{made(base(), nobodys), made(plane(), nobodys)}, want: StepDone},
		{name: "another mesh's", releases: []Release{made(plane(), others)}, others: []string{"Mesh/other"}, want: StepDone},
		{name: "changed by hand", releases: []Release{made(plane(), byHand)}, want: StepUninstall},
		{name: "half removed", releases: []Release{made(plane(), status(Uninstalling))}, want: StepUninstall},
		{name: "failed", releases: []Release{made(plane(), status(Failed))}, want: StepUninstall},
		{name: "being written", releases: []Release{made(plane(), status(Pending), ago(time.Second))}, want: StepWait},
		{name: "its writer died", releases: []Release{made(plane(), status(Pending))}, want: StepUninstall},
	} {
		c.charts = both
		t.Run(c.name, func(t *testing.T) { c.check(t, NextRemoval(c.request())) })
	}
}

func TestNoted(t *testing.T) {
	asked, runs := plane(), plane(older)
	entry := func(r ChartsRequest, s Step) v1alpha1.InstalledRelease {
		t.Helper()
		all := Noted(r, s)
		if len(all) != 1 {
			t.Fatalf("%d entries, want 1", len(all))
		}
		return all[0]
	}
	r := chartCase{releases: []Release{made(asked)}}.request()
	got := entry(r, NextChart(r))
	if got.Good != Digest(asked) || got.Digest != Digest(asked) || got.Chart != "plane-1.31.0" || got.Revision != 1 || got.Failed != "" ||
		got.Since == nil || !got.Since.Time.Equal(noon.Add(-time.Hour)) {
		t.Errorf("what is as asked is noted as %+v", got)
	}
	r = chartCase{releases: []Release{made(asked, ago(0))}, closed: true}.request()
	if got := entry(r, NextChart(r)); got.Good != "" {
		t.Errorf("what has not worked yet is noted as good: %+v", got)
	}
	r = chartCase{releases: []Release{made(asked, after(ran(runs)))}, state: wasGood(runs), closed: true}.request()
	step := NextChart(r)
	if got := entry(r, step); step.Kind != StepRollBack || got.Failed != Digest(asked) || got.Good != Digest(runs) ||
		!strings.Contains(got.Why, "0 of 2 pods are ready") {
		t.Errorf("before %s: %+v", step.Kind, got)
	}
	r = chartCase{state: hasFailed(asked)}.request()
	if got := entry(r, NextChart(r)); got.Failed != Digest(asked) || got.Why != "Deployment refused" {
		t.Errorf("what failed and is gone is noted as %+v", got)
	}
	r = chartCase{state: hasFailed(asked), edit: retry}.request()
	if got := Noted(r, NextChart(r)); len(got) != 0 {
		t.Errorf("what is tried again is noted as %+v", got)
	}
	was := noted(plane(), func(e *v1alpha1.InstalledRelease) { e.Name, e.Good = "former", "abc" })
	r = chartCase{state: was, releases: []Release{made(asked), made(plane(func(c *Chart) { c.Release = "former" }))}}.request()
	if got := Noted(r, NextChart(r)); len(got) != 2 || got[0].Name != "former" || got[0].Good != "abc" {
		t.Errorf("a release that is planned no more is noted as %+v", got)
	}
	r.Releases = r.Releases[:1]
	if got := Noted(r, NextChart(r)); len(got) != 1 {
		t.Errorf("a release that is gone is noted as %+v", got)
	}
}
