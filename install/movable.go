package install

import (
	"fmt"
	"strings"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// MinDrain is how long a pod must go on serving after it was told to end: so
// long it takes at most until everybody who calls it knows.
const MinDrain = 5 * time.Second

// Obstacle is why a workload cannot be restarted without losing requests, and
// what would help.
type Obstacle struct{ Reason, Remedy string }

// Obstacles returns all that stands in the way of restarting a workload without
// losing a request. A workload without any is movable.
func Obstacles(w *MemberWorkload) []Obstacle {
	if !w.Restartable {
		return []Obstacle{unmade(w)}
	}
	if w.Replicas == 0 {
		return nil
	}
	var all []Obstacle
	for _, check := range []func(*MemberWorkload) *Obstacle{gap, unproven, undrained, locked, overdrawn} {
		if o := check(w); o != nil {
			all = append(all, *o)
		}
	}
	return all
}

// unmade says that nothing makes the workload's pods anew.
func unmade(w *MemberWorkload) Obstacle {
	switch w.Kind {
	case "Pod":
		return Obstacle{"nothing makes a bare pod anew", "make it a Deployment, or delete and create it yourself"}
	case "Deployment", "StatefulSet", "DaemonSet":
		return Obstacle{"its roll-out is paused, partitioned or left to deletion (OnDelete)", "let it roll out, or delete its pods yourself"}
	}
	return Obstacle{fmt.Sprintf("a %s does not roll out", w.Kind), "wait until it ends, or replace its pods yourself"}
}

// gap says that for a time no pod serves.
func gap(w *MemberWorkload) *Obstacle {
	switch {
	case w.Recreate:
		return &Obstacle{"its strategy Recreate removes all pods before it makes new ones", "set its strategy to RollingUpdate"}
	case w.Unavailable >= w.Replicas && w.Surge > 0:
		return &Obstacle{"its rolling update may remove all pods at once", "set its maxUnavailable to 0"}
	case w.Unavailable >= w.Replicas && w.Replicas > 1:
		return &Obstacle{"its rolling update may remove all pods at once", "set its maxUnavailable to 1"}
	case w.Surge == 0 && w.Replicas < 2 && w.Kind == "Deployment":
		return &Obstacle{"its one replica is removed before a new one is made", "set its maxSurge to 1, or its replicas to 2"}
	case w.Surge == 0 && w.Replicas < 2:
		return &Obstacle{"its one replica is removed before a new one is made", "give it two replicas"}
	}
	return nil
}

func unproven(w *MemberWorkload) *Obstacle {
	if w.Readiness {
		return nil
	}
	return &Obstacle{"it gets requests before it can answer, as it has no readiness probe", "give each container that serves a readinessProbe"}
}

func undrained(w *MemberWorkload) *Obstacle {
	if w.Drain >= MinDrain {
		return nil
	}
	return &Obstacle{
		fmt.Sprintf("its pods end within %s, before all who call them know", w.Drain),
		fmt.Sprintf("give each container that serves a preStop hook that sleeps %s or more", MinDrain),
	}
}

func locked(w *MemberWorkload) *Obstacle {
	if !w.Locked {
		return nil
	}
	return &Obstacle{"a PodDisruptionBudget of it never lets a pod go", "let its budget spare one pod"}
}

// overdrawn says that a rolling update, which asks no budget, would take more
// pods away than the budgets let go while all are there.
func overdrawn(w *MemberWorkload) *Obstacle {
	if !w.RolledOut || w.Disruptions < 1 || w.Disruptions >= w.Unavailable {
		return nil
	}
	return &Obstacle{
		fmt.Sprintf("its rolling update takes %d pods away at once and its PodDisruptionBudgets let %d go", w.Unavailable, w.Disruptions),
		fmt.Sprintf("set its maxUnavailable to %d", w.Disruptions),
	}
}

// Key names the workload, as "Deployment shop/web".
func (w *MemberWorkload) Key() string { return w.Kind + " " + w.Namespace + "/" + w.Name }

// maxImmovable and maxEntry are the bounds of what a status takes.
const (
	maxImmovable = 32
	maxEntry     = 512
)

// Immovable names the workloads of the members that cannot be restarted without
// losing requests, each with the reasons and what would help, in their order.
func Immovable(members []Member) []string {
	var all []string
	for i := range members {
		for j := range members[i].Workloads {
			w := &members[i].Workloads[j]
			if found := Obstacles(w); len(found) > 0 {
				all = append(all, w.Key()+": "+explain(found))
			}
		}
	}
	return all
}

// explain joins obstacles to one sentence.
func explain(all []Obstacle) string {
	parts := make([]string, len(all))
	for i, o := range all {
		parts[i] = fmt.Sprintf("%s (%s)", o.Reason, o.Remedy)
	}
	return strings.Join(parts, "; ")
}

// agreedToMove says whether somebody agreed to restarts that lose requests.
func agreedToMove(w Wanted) bool { return w.Annotations[v1alpha1.AnnotationMoveImmovable] == "true" }
