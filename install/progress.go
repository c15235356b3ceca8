package install

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// progress is how far the proxies of members have moved.
type progress struct {
	// pods are all in the workloads, and behind those whose proxy is not yet
	// what it is to become.
	pods, behind int
	// movable workloads are still to be restarted, or on their way to it.
	movable int
	// busy workloads are on their way.
	busy int
	// standing names the workloads by how they stand.
	standing map[Standing][]string
}

// measure looks at all workloads of the members.
func measure(r Rollout, members []Member) progress {
	p := progress{standing: map[Standing][]string{}}
	for i := range members {
		for j := range members[i].Workloads {
			w := &members[i].Workloads[j]
			standing, behind := r.Standing(w), r.Pending(w)
			p.standing[standing] = append(p.standing[standing], w.Key())
			p.pods, p.behind = p.pods+len(w.Pods), p.behind+behind
			switch standing {
			case Due, Blocked, Broken:
				p.movable++
			case Busy, Stuck:
				p.busy++
				if behind > 0 {
					p.movable++
				}
			case Moved, Kept, Spent:
			}
		}
	}
	return p
}

// first names the first workload that stands so.
func (p progress) first(s Standing) string {
	if names := p.standing[s]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// pending reports whether some workload is still to move by itself.
func (p progress) pending() bool { return p.movable > 0 }

// open reports whether pods are left behind that somebody else has to move.
func (p progress) open() bool { return p.behind > 0 }

// step says what is left to somebody else.
func (p progress) step() Step {
	step := Step{Kind: StepWait}
	due := len(p.standing[Due]) + len(p.standing[Blocked]) + len(p.standing[Broken]) + len(p.standing[Busy]) + len(p.standing[Stuck])
	switch {
	case due > 0:
		step.Reason = v1alpha1.ReasonRestartRequired
		step.Message = fmt.Sprintf("%d pods of %d workloads have another proxy until they are restarted (kubectl rollout restart), and spec.upgrade.restarts Automatic does it in waves", p.behind, due+len(p.standing[Kept]))
	case len(p.standing[Kept]) > 0:
		step.Reason = v1alpha1.ReasonWorkloadsImmovable
		step.Message = fmt.Sprintf("%d workloads are left as they are, because a restart would lose requests: %s; status.install.immovable says what would help, and the annotation %s moves them as they are",
			len(p.standing[Kept]), list(p.standing[Kept], 3), v1alpha1.AnnotationMoveImmovable)
	default:
		step.Reason = v1alpha1.ReasonRestartRequired
		step.Message = fmt.Sprintf("%s got no proxy of this control plane by a restart: see whether the pods ask to be left out, or restart them once more",
			list(p.standing[Spent], 3))
	}
	return step
}
