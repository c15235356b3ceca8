package traffic

import (
	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators/ir"
)

// place is one entry of a status: a target, and who programs it.
type place struct {
	target, on ir.Target
}

// targets returns an entry for every target of the object, the worst first.
func targets(s status.Subject) []v1alpha1.TargetStatus {
	outcomes := map[place]*status.Outcome{}
	add := func(report *status.Report, participants []ir.Participant) {
		for _, p := range participants {
			if p.Object != s.Ref {
				continue
			}
			at := place{p.Target, p.On}
			if outcomes[at] == nil {
				outcomes[at] = &status.Outcome{}
			}
			outcomes[at].Add(report, about(s.Ref, p.Target))
		}
	}
	add(&status.Report{Issues: s.Checked}, s.Unplaced)
	for _, report := range s.Reports {
		add(report, report.Participants)
	}
	spread(s, outcomes)
	entries := make([]v1alpha1.TargetStatus, 0, len(outcomes))
	for at, outcome := range outcomes {
		entries = append(entries, v1alpha1.TargetStatus{
			Ref: reference(at.target), On: programmer(at.on), Conditions: outcome.Conditions(s.Object.GetGeneration()),
		})
	}
	worstFirst(entries)
	return entries
}

// spread adds issues that a report raises about an object that has no part in
// it, such as one about a shared object, to every target that they concern.
func spread(s status.Subject, outcomes map[place]*status.Outcome) {
	reports := append([]*status.Report{{Participants: s.Unplaced, Issues: s.Checked}}, s.Reports...)
	for _, report := range reports {
		if takesPart(s.Ref, report) {
			continue
		}
		loose := status.Outcome{}
		loose.Add(&status.Report{Issues: report.Issues}, func(issue ir.Issue) bool { return issue.Source.Ref == s.Ref })
		for _, issue := range loose.Issues {
			scatter(s.Ref, issue, outcomes)
		}
	}
}

// scatter adds an issue to the targets it concerns, or makes one of its own.
func scatter(ref ir.Ref, issue ir.Issue, outcomes map[place]*status.Outcome) {
	found := false
	for at, outcome := range outcomes {
		if about(ref, at.target)(issue) {
			outcome.Issues, found = append(outcome.Issues, issue), true
		}
	}
	if found {
		return
	}
	target := issue.Target
	if target == (ir.Target{}) {
		target = ir.Target{Kind: ref.Kind, Name: ref.Name}
	}
	outcomes[place{target: target}] = &status.Outcome{Issues: []ir.Issue{issue}}
}

func takesPart(ref ir.Ref, report *status.Report) bool {
	for _, p := range report.Participants {
		if p.Object == ref {
			return true
		}
	}
	return false
}

// about keeps the issues of an object that concern one target of it.
func about(ref ir.Ref, target ir.Target) func(ir.Issue) bool {
	return func(issue ir.Issue) bool {
		return issue.Source.Ref == ref && (issue.Target == (ir.Target{}) || issue.Target == target)
	}
}

func reference(target ir.Target) v1alpha1.TargetReference {
	return v1alpha1.TargetReference{
		Kind: target.Kind, Name: v1alpha1.ObjectName(target.Name), SectionName: v1alpha1.SectionName(target.SectionName),
	}
}

func programmer(on ir.Target) *v1alpha1.ProgrammerReference {
	if on == (ir.Target{}) {
		return nil
	}
	return &v1alpha1.ProgrammerReference{
		Kind: on.Kind, Namespace: v1alpha1.Namespace(on.Namespace), Name: v1alpha1.ObjectName(on.Name), SectionName: v1alpha1.SectionName(on.SectionName),
	}
}
