package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/ir"
)

// Subject is all that the status of an object depends on.
type Subject struct {
	// Object with the newest status that is known. It is not to be changed.
	Object client.Object
	Ref    ir.Ref
	// Unplaced are the targets that are in no unit, and Checked says why.
	Unplaced []ir.Participant
	Checked  []ir.Issue
	// Reports are those of all units that speak of the object.
	Reports []*Report
	// Now is the time of conditions that change.
	Now metav1.Time
}

// Whole joins everything that is known about the object, whatever the target.
func (s Subject) Whole() Outcome {
	about := func(issue ir.Issue) bool { return issue.Source.Ref == s.Ref }
	var out Outcome
	out.Add(&Report{Issues: s.Checked}, about)
	for _, report := range s.Reports {
		out.Add(report, about)
	}
	return out
}
