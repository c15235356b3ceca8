package install

import "time"

// Untaught names somebody who does not trust yet what the authority in force
// says is to be trusted, where proxies learn that only when their pods are
// made: the control plane, which gets it with its charts, or a pod. It is empty
// where everybody trusts it, and where proxies learn roots while they run.
func Untaught(p *Planner, w Wanted, s Seen) string {
	if s.Trust.Noted == "" {
		return ""
	}
	l := newLife(p, w, s)
	if step := l.aim(); step != nil || NextChart(l.request(l.plan().Charts)).Kind != StepDone {
		return "the control plane"
	}
	for _, pod := range l.pods() {
		if pod.Proxy != nil && pod.Proxy.Roots != s.Trust.Noted {
			return "pod " + pod.Name
		}
	}
	return ""
}

// written is when the charts of the control plane in place were written last:
// it gives pods the roots that came with them.
func (l *life) written() time.Time {
	var last time.Time
	for _, rel := range l.ownReleases() {
		last = later(last, rel.Updated)
	}
	return last
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
