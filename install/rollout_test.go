package install_test

import (
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// standing is a workload one hour into a move from 1.30.0 to 1.31.0 that began
// at noon.
func standing(edit ...func(*install.MemberWorkload)) *install.MemberWorkload {
	w := deployment("web")
	for _, e := range edit {
		e(&w)
	}
	return &w
}

// pods have one proxy, and were made at a time.
func pods(version string, made time.Time) func(*install.MemberWorkload) {
	return func(w *install.MemberWorkload) {
		w.Pods = nil
		for range 2 {
			w.Pods = append(w.Pods, install.PodSeen{Name: "web", Created: made, Ready: true, ReadySince: made, Proxy: &install.Proxy{Revision: "r", Version: version}})
		}
	}
}

func TestStanding(t *testing.T) {
	now := noon.Add(time.Hour)
	old, fresh := noon.Add(-time.Hour), now.Add(-time.Minute)
	for name, c := range map[string]struct {
		want install.Standing
		edit func(*install.MemberWorkload)
	}{
		"of the old version":               {install.Due, pods("1.30.0", old)},
		"of the new version":               {install.Moved, pods("1.31.0", old)},
		"young, of another tag":            {install.Moved, pods("1.31.0-fips", fresh)},
		"old, of another tag":              {install.Due, pods("1.31.0-fips", old)},
		"young, but of the version before": {install.Due, pods("1.30.0", fresh)},
		"of another control plane": {install.Due, func(w *install.MemberWorkload) {
			pods("1.31.0", fresh)(w)
			w.Pods[0].Proxy.Revision = "other"
		}},
		"whose control plane is the only one": {install.Moved, func(w *install.MemberWorkload) {
			pods("1.31.0", fresh)(w)
			w.Pods[0].Proxy.Revision = ""
		}},
		"without a proxy": {install.Due, func(*install.MemberWorkload) {}},
		"whose old pods are on their way out": {install.Moved, func(w *install.MemberWorkload) {
			pods("1.31.0", fresh)(w)
			w.Pods[0].Proxy.Version, w.Pods[0].Leaving = "1.30.0", true
		}},
		"immovable":                     {install.Kept, undrained},
		"immovable, and not rolled out": {install.Kept, func(w *install.MemberWorkload) { undrained(w); w.RolledOut = false }},
		"not rolled out of its own":     {install.Broken, func(w *install.MemberWorkload) { w.RolledOut = false }},
		"whose budget is spent":         {install.Blocked, func(w *install.MemberWorkload) { w.Disruptions = 0 }},
		"not rolled out since a goal ago": {install.Fallen, func(w *install.MemberWorkload) {
			pods("1.30.0", old)(w)
			w.RolledOut, w.Restarted = false, noon.Add(-time.Minute)
			w.Pods[0].Ready, w.Pods[0].Proxy = false, &install.Proxy{Revision: "r", Version: "1.32.0"}
		}},
		"restarted a goal ago, and rolled out by somebody else now": {install.Broken, func(w *install.MemberWorkload) {
			pods("1.30.0", old)(w)
			w.RolledOut, w.Restarted, w.Pods[0].Ready = false, noon.Add(-time.Hour), false
		}},
		"restarted just now":            {install.Busy, func(w *install.MemberWorkload) { w.Restarted, w.RolledOut = now, false }},
		"restarted, and ready for long": {install.Moved, func(w *install.MemberWorkload) { pods("1.31.0", fresh)(w); w.Restarted = fresh }},
		"restarted, and ready just now": {install.Busy, func(w *install.MemberWorkload) { pods("1.31.0", now.Add(-9*time.Second))(w); w.Restarted = fresh }},
		"restarted, draining": {install.Busy, func(w *install.MemberWorkload) {
			pods("1.31.0", fresh)(w)
			w.Restarted, w.Pods[0].Leaving = fresh, true
		}},
		"restarted, with a pod that never goes": {install.Moved, func(w *install.MemberWorkload) {
			pods("1.31.0", now.Add(-time.Minute*20))(w)
			w.Restarted, w.Pods[0].Leaving = now.Add(-time.Minute*20), true
		}},
		"restarted in vain": {install.Spent, func(w *install.MemberWorkload) { pods("1.30.0", fresh)(w); w.Restarted = fresh }},
		"restarted, and no pod was made for long": {install.Stuck, func(w *install.MemberWorkload) {
			pods("1.30.0", old)(w)
			w.Restarted, w.RolledOut = now.Add(-10*time.Minute), false
		}},
		"restarted, and no new pod is ready for long": {install.Stuck, func(w *install.MemberWorkload) {
			pods("1.31.0", now.Add(-11*time.Minute))(w)
			w.Restarted, w.RolledOut = now.Add(-11*time.Minute), false
			w.Pods[0].Ready, w.Pods[1].Ready = false, false
		}},
		"restarted, and one new pod is ready": {install.Busy, func(w *install.MemberWorkload) {
			pods("1.31.0", now.Add(-11*time.Minute))(w)
			w.Restarted, w.RolledOut, w.Pods[0].Ready = now.Add(-11*time.Minute), false, false
		}},
		"restarted long ago, scaled just now": {install.Moved, func(w *install.MemberWorkload) {
			pods("1.31.0", now.Add(-30*time.Minute))(w)
			w.Restarted, w.Pods[0].Created = now.Add(-30*time.Minute), now
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := install.Rollout{
				Goal: install.Goal{Version: "1.31.0", Revision: "r", Since: noon},
				Pace: install.PaceOf(wanted("1.31")), Now: now,
			}
			if got := r.Standing(standing(c.edit)); got != c.want {
				t.Errorf("a workload %s is %s, not %s", name, got, c.want)
			}
		})
	}
}

func TestPace(t *testing.T) {
	w := wanted("1.31", annotated(v1alpha1.AnnotationMoveImmovable, "true"))
	w.Spec.Upgrade.MaxUnavailable, w.Spec.Upgrade.Settle = 3, "1m30s"
	if got, want := install.PaceOf(w), (install.Pace{MaxUnavailable: 3, Settle: 90 * time.Second, Immovable: true}); got != want {
		t.Errorf("the pace is %v, not %v", got, want)
	}
	if got, want := install.PaceOf(install.Wanted{}), (install.Pace{MaxUnavailable: 1, Settle: 10 * time.Second}); got != want {
		t.Errorf("without a word the pace is %v, not %v", got, want)
	}
}

// TestImmovableByConsent shows that consent moves what can be moved at all.
func TestImmovableByConsent(t *testing.T) {
	r := install.Rollout{
		Goal: install.Goal{Version: "1.31.0", Revision: "r", Since: noon},
		Pace: install.Pace{MaxUnavailable: 1, Immovable: true}, Now: noon.Add(time.Hour),
	}
	if got := r.Standing(standing(undrained)); got != install.Due {
		t.Errorf("an undrained workload is %s in spite of consent", got)
	}
	if got := r.Standing(standing(func(w *install.MemberWorkload) { w.Restartable = false })); got != install.Kept {
		t.Errorf("a workload that nothing makes anew is %s by consent", got)
	}
}
