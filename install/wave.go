package install

import (
	"cmp"
	"fmt"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// pin records the running control plane on members that have none recorded,
// before another one comes into place: an unrecorded namespace would follow it
// at once, and not in its turn.
func (l *life) pin() *Step {
	if l.inPlace.revision == "" || l.inPlace.revision == l.target.revision {
		return nil
	}
	for _, m := range l.s.Members {
		if m.Revision == "" {
			return l.record(m.Name, l.inPlace.revision)
		}
	}
	return nil
}

func (l *life) record(namespace, revision string) *Step {
	return &Step{
		Kind: StepRecord, Namespace: namespace, Revision: revision, Reason: v1alpha1.ReasonReconciling,
		Message: fmt.Sprintf("namespace %s belongs to %s", namespace, revision),
	}
}

// members has the proxies of the members move, one namespace after the other.
func (l *life) members() *Step {
	r := l.rollout()
	l.progress = measure(r, l.s.Members)
	if l.held != nil && l.held.Reason == v1alpha1.ReasonChangedByHand {
		return nil // Whoever is restarted now gets what somebody else chose.
	}
	if l.manual() {
		return l.membersManual()
	}
	if step := l.broken(); step != nil {
		return step
	}
	for _, m := range l.inTurn(r) {
		if step := l.member(r, m); step != nil {
			return step
		}
	}
	if l.progress.movable > 0 || l.progress.busy > 0 && l.unfinished() {
		return l.wait(poll, "waiting for %s to settle", cmp.Or(l.progress.first(Busy), "the wave"))
	}
	if l.progress.behind > 0 && l.progress.busy > 0 {
		l.look(poll)
	}
	return nil
}

// inTurn returns the members in the order of their moves: first those where
// something is to be mended.
func (l *life) inTurn(r Rollout) []*Member {
	var first, then []*Member
	for i := range l.s.Members {
		m := &l.s.Members[i]
		if measure(r, []Member{*m}).fallen > 0 {
			first = append(first, m)
		} else {
			then = append(then, m)
		}
	}
	return append(first, then...)
}

// rollout is what decides about restarts now.
func (l *life) rollout() Rollout {
	goal := Goal{Version: l.inPlace.version, Revision: l.inPlace.revision}
	if wave := l.state.Wave; wave != nil && wave.Since != nil {
		goal.Since = wave.Since.Time
	}
	if l.held == nil && l.s.Trust.Noted != "" {
		goal.Roots, goal.Given = l.s.Trust.Noted, l.written()
	}
	return Rollout{Goal: goal, Pace: PaceOf(l.w), Now: l.s.Now}
}

// manual says that the user restarts workloads.
func (l *life) manual() bool {
	return l.w.Spec.Upgrade == nil || l.w.Spec.Upgrade.Restarts != v1alpha1.RestartAutomatic
}

// membersManual moves all namespaces, so that whoever is restarted moves.
func (l *life) membersManual() *Step {
	for _, m := range l.s.Members {
		if m.Revision != l.inPlace.revision {
			return l.record(m.Name, l.inPlace.revision)
		}
	}
	return nil
}

// member moves one namespace: first its record, then, once new pods get the
// proxy, its workloads.
func (l *life) member(r Rollout, m *Member) *Step {
	here := measure(r, []Member{*m})
	moves := here.movable > 0
	if m.Revision != r.Goal.Revision {
		if moves {
			if step := l.pause(r, 1); step != nil {
				return step
			}
			l.state.WaveSince = l.now()
		}
		return l.record(m.Name, r.Goal.Revision)
	}
	if !moves {
		return nil
	}
	if !m.Marked {
		return l.wait(poll, "waiting until new pods of namespace %s belong to %s", m.Name, r.Goal.Revision)
	}
	for _, s := range []Standing{Fallen, Broken, Due, Blocked} {
		for i := range m.Workloads {
			if w := &m.Workloads[i]; r.Standing(w) == s {
				return l.workload(r, w, s)
			}
		}
	}
	return nil
}

// workload restarts a workload, or says what it waits for.
func (l *life) workload(r Rollout, w *MemberWorkload, s Standing) *Step {
	switch s {
	case Broken:
		return l.wait(poll, "%s is not rolled out, so nothing in its namespace is restarted: mend it (kubectl -n %s get pods), or scale it to 0", w.Key(), w.Namespace)
	case Blocked:
		return l.wait(poll, "a PodDisruptionBudget of %s lets no pod go now: the wave goes on when it does", w.Key())
	default:
		if step := l.pause(r, r.Pace.MaxUnavailable); step != nil {
			return step
		}
		l.state.WaveSince = l.now()
		return r.restart(w)
	}
}

// pause says what has to end before something more is touched: fewer than most
// workloads may be on their way, and what was touched last must be seen.
func (l *life) pause(r Rollout, most int) *Step {
	settle := r.Pace.Settle
	if l.strategy() == v1alpha1.UpgradeInPlace {
		settle = max(settle, l.w.Limits.orDefaults().Reconnect)
	}
	if left := settle - r.Now.Sub(r.Goal.began()); left > 0 {
		return l.wait(left, "watching %s before members move to it", r.Goal.Revision)
	}
	if l.progress.busy >= most {
		return l.wait(poll, "waiting for %s to roll out and settle; if that takes long, see its pods", cmp.Or(l.progress.first(Stuck), l.progress.first(Busy)))
	}
	if left := l.unseen(r); left > 0 {
		return l.wait(left, "watching what was touched last")
	}
	return nil
}

// unseen is how long to wait until what was touched last is surely seen.
func (l *life) unseen(r Rollout) time.Duration {
	last := l.state.WaveSince
	if last == nil {
		return 0
	}
	for _, m := range l.s.Members {
		for i := range m.Workloads {
			if !m.Workloads[i].Restarted.Before(last.Time) {
				return 0
			}
		}
	}
	return max(r.Pace.Settle, blind) - r.Now.Sub(last.Time)
}

// broken stops the wave where a new pod does not become ready. If another
// control plane still runs, the members go back to it.
func (l *life) broken() *Step {
	stuck := l.progress.first(Stuck)
	if stuck == "" || !l.unfinished() {
		return nil
	}
	message := fmt.Sprintf("%s was restarted and does not become ready (kubectl get pods): mend it, or go back by setting spec.version to what ran before", stuck)
	l.target = l.inPlace
	// Only a step forward is taken back, so that nobody goes back and forth; and
	// only while members make it: what fails later has other reasons.
	if back := l.fallback(); back == l.inPlace || !Newer(l.inPlace.version, back.version) || l.membersMoved() {
		return l.wait(poll, "%s", message)
	}
	l.state.Abandoned = &v1alpha1.AbandonedWave{
		Version: l.inPlace.version, Revision: l.inPlace.revision,
		Message: fmt.Sprintf("members went back from %s, because %s did not become ready after its restart: mend it, then edit the Mesh or annotate it with %s to try again",
			l.inPlace.version, stuck, v1alpha1.AnnotationRetry),
	}
	return l.wait(time.Second, "going back from %s, because %s does not become ready", l.inPlace.version, stuck)
}

// membersMoved reports whether the members' part of the move is over.
func (l *life) membersMoved() bool {
	wave := l.state.Gateways
	return wave != nil && (place{wave.Version, wave.Revision}) == l.inPlace
}

// unfinished reports whether the move still has something to do, so that it
// matters how those do who were moved.
func (l *life) unfinished() bool {
	return l.progress.movable > 0 || l.gatewaysBehind() != "" || len(l.formerRevisions()) > 0
}

func (l *life) wait(after time.Duration, format string, args ...any) *Step {
	return &Step{
		Kind: StepWait, After: max(after, time.Second), Reason: v1alpha1.ReasonUpgrading,
		Message: fmt.Sprintf(format, args...),
	}
}
