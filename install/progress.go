package install

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// progress is how far the proxies of members have moved.
type progress struct {
	// pods are all in the workloads, behind those whose proxy is not yet what it
	// is to become, and bare those among these that have none at all.
	pods, behind, bare int
	// movable workloads are still to be restarted, or on their way to it.
	movable int
	// busy workloads are on their way, and fallen ones are to be mended.
	busy, fallen int
	// standing names the workloads by how they stand, and late those of them
	// that have pods behind.
	standing, late map[Standing][]string
}

// measure looks at all workloads of the members.
func measure(r Rollout, members []Member) progress {
	p := progress{standing: map[Standing][]string{}, late: map[Standing][]string{}}
	for _, m := range members {
		for i := range m.Workloads {
			p.count(r, &m.Workloads[i])
		}
	}
	return p
}

func (p *progress) count(r Rollout, w *MemberWorkload) {
	standing := r.Standing(w)
	p.standing[standing] = append(p.standing[standing], w.Key())
	late := false
	for i := range w.Pods {
		pod := &w.Pods[i]
		if pod.Leaving {
			continue
		}
		p.pods++
		if r.Goal.Reached(pod) {
			continue
		}
		late = true
		p.behind++
		if pod.Proxy == nil {
			p.bare++
		}
	}
	if late {
		p.late[standing] = append(p.late[standing], w.Key())
	}
	switch standing {
	case Due, Blocked, Broken:
		p.movable++
	case Fallen:
		p.fallen++
		p.movable++
	case Busy, Stuck:
		p.busy++
		if late {
			p.movable++
		}
	case Moved, Kept, Spent:
	}
}

// first names the first workload that stands so.
func (p progress) first(s Standing) string {
	if names := p.standing[s]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// left says which pods are left to somebody else, and what would help; a step
// without a message where none are.
func (p progress) left() Step {
	var due []string
	for _, s := range []Standing{Due, Fallen, Blocked, Broken, Busy, Stuck} {
		due = append(due, p.late[s]...)
	}
	kept, spent := p.late[Kept], p.late[Spent]
	switch {
	case len(due) > 0:
		return Step{Kind: StepWait, Reason: v1alpha1.ReasonRestartRequired, Message: fmt.Sprintf(
			"%d of %d pods are to be restarted, those of %s: do it with kubectl rollout restart, or set spec.upgrade.restarts to Automatic to have it done in waves",
			p.behind, p.pods, list(append(due, kept...), 3))}
	case len(kept) > 0:
		return Step{Kind: StepWait, Reason: v1alpha1.ReasonWorkloadsImmovable, Message: fmt.Sprintf(
			"%d of %d pods stay as they are, because to restart %s would lose requests: status.install.immovable says what would help, and the annotation %s=true restarts them as they are",
			p.behind, p.pods, list(kept, 3), v1alpha1.AnnotationMoveImmovable)}
	case len(spent) > 0:
		return Step{Kind: StepWait, Reason: v1alpha1.ReasonRestartRequired, Message: fmt.Sprintf(
			"%d of %d pods stayed as they are although %s was restarted: see whether they ask to be left out of the mesh, or restart them again",
			p.behind, p.pods, list(spent, 3))}
	}
	return Step{Kind: StepDone}
}
