package install

import (
	"fmt"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Line is one thing that will be done.
type Line struct {
	Kind StepKind `json:"kind"`
	// Text says what, in a sentence without a full stop.
	Text string `json:"text"`
	// Chart is what is installed, with all values, where that is the matter.
	Chart *Chart `json:"chart,omitempty"`
	// Reason is set on the last line if that is not Done.
	Reason v1alpha1.ConditionReason `json:"reason,omitempty"`
}

const (
	// maxLines bounds what is told.
	maxLines = 2000
	// maxIdle bounds how long nothing may happen before the end is reached.
	maxIdle = 2 * patience
)

// Preview returns everything that will be done until the mesh is as wanted, if
// nothing fails: each decision of Next, simulated. Waiting is left out, but for
// the end: the last line is Done, Refuse, Release, or a Wait that only somebody
// else can end. It writes nothing anywhere.
func Preview(p *Planner, w Wanted, s Seen) []Line {
	var lines []Line
	for idle := time.Duration(0); len(lines) < maxLines; {
		step, state := Next(p, w, s)
		switch step.Kind {
		case StepDone, StepRefuse, StepRelease:
			return append(lines, lineOf(step))
		case StepWait:
			if idle += step.After; step.After == 0 || idle > maxIdle {
				return append(lines, lineOf(step))
			}
		default:
			idle, lines = 0, append(lines, lineOf(step))
		}
		s = Simulate(w, s, step, state)
	}
	return append(lines, Line{Kind: StepWait, Text: fmt.Sprintf("and more than %d steps", maxLines)})
}

func lineOf(step Step) Line {
	line := Line{Kind: step.Kind, Text: step.Message}
	switch step.Kind {
	case StepInstall, StepUpgrade, StepRollBack, StepUninstall:
		line.Chart = step.Chart
	case StepWait, StepRefuse:
		line.Reason = step.Reason
	default:
	}
	return line
}
