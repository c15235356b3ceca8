package traffic

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators/ir"
)

var policy = ir.Ref{Kind: "TrafficPolicy", Namespace: "shop", Name: "slow"}

func target(name string) ir.Target { return ir.Target{Kind: "Service", Name: name} }

// about a target of the policy, on mesh m.
func reported(name string, issues ...ir.Issue) *status.Report {
	for i := range issues {
		issues[i].Source.Ref = policy
	}
	return &status.Report{
		Key:          ir.Key{Kind: ir.KindService, Mesh: "m", Namespace: "shop", Name: name},
		Participants: []ir.Participant{{Object: policy, Target: target(name), On: ir.Target{Kind: "Mesh", Name: "m"}}},
		Issues:       issues,
	}
}

// statusOf returns the status as "target: conditions", and its summary.
func statusOf(t *testing.T, s status.Subject) (entries []string, sum string, out v1alpha1.TargetedStatus) {
	t.Helper()
	if s.Object == nil {
		s.Object = &v1alpha1.TrafficPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "slow", Generation: 3}}
	}
	s.Ref = policy
	next, ok := Status(s).(*v1alpha1.TrafficPolicy)
	if !ok {
		t.Fatal("no status")
	}
	for _, entry := range next.Status.Targets {
		text := string(entry.Ref.Name) + ":"
		for _, c := range entry.Conditions {
			if c.Status != metav1.ConditionTrue || c.Type == string(v1alpha1.ConditionPartiallySupported) {
				text += " " + c.Type + "=" + c.Reason
			}
		}
		entries = append(entries, text)
	}
	ready := next.Status.Conditions[0]
	return entries, fmt.Sprintf("%s=%s %s", ready.Type, ready.Status, ready.Message), next.Status.TargetedStatus
}

func TestTargetsAreListedWorstFirst(t *testing.T) {
	here := func(effect ir.Effect, reason string) ir.Issue {
		return ir.Issue{Effect: effect, Reason: reason, Message: reason}
	}
	elsewhere := here(ir.EffectRejected, "Elsewhere")
	elsewhere.Target = target("other")
	entries, sum, _ := statusOf(t, status.Subject{
		Reports: []*status.Report{
			reported("fine", elsewhere), reported("partial", here(ir.EffectPartial, "Unsupported")),
			reported("waiting", here(ir.EffectWithheld, "Pending")), reported("unresolved", here(ir.EffectUnresolved, "BackendNotFound")),
		},
		Unplaced: []ir.Participant{{Object: policy, Target: target("absent")}},
		Checked:  []ir.Issue{{Effect: ir.EffectRejected, Source: ir.Source{Ref: policy}, Target: target("absent"), Reason: "TargetNotFound", Message: "no such Service"}},
	})
	want := []string{
		"absent: Accepted=TargetNotFound Programmed=TargetNotFound", "unresolved: ResolvedRefs=BackendNotFound",
		"waiting: Programmed=Pending", "partial: PartiallySupported=Unsupported", "fine:",
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if want := "Ready=False 3 of 5 targets: no such Service"; sum != want {
		t.Errorf("summary %q, want %q", sum, want)
	}
}

func TestReportsOfOneTargetAreJoined(t *testing.T) {
	// A route with two hostnames has a part in two units of one listener.
	one, two := reported("a"), reported("a", ir.Issue{Effect: ir.EffectPartial, Reason: "Unsupported", Message: "x"})
	two.Key.Hostname = "other.test"
	entries, sum, _ := statusOf(t, status.Subject{Reports: []*status.Report{one, two}})
	if diff := cmp.Diff([]string{"a: PartiallySupported=Unsupported"}, entries); diff != "" || sum != "Ready=True " {
		t.Errorf("targets (-want +got):\n%s\nsummary %q", diff, sum)
	}
}

func TestIssuesOfSharedObjectsConcernEveryTarget(t *testing.T) {
	shared := &status.Report{Key: ir.Key{Kind: "shared"}, Issues: []ir.Issue{{
		Effect: ir.EffectWithheld, Source: ir.Source{Ref: policy}, Reason: "Conflicted", Message: "taken",
	}}}
	entries, _, _ := statusOf(t, status.Subject{Reports: []*status.Report{reported("a"), reported("b"), shared}})
	if diff := cmp.Diff([]string{"a: Programmed=Conflicted", "b: Programmed=Conflicted"}, entries); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	entries, _, _ = statusOf(t, status.Subject{Reports: []*status.Report{shared}})
	if diff := cmp.Diff([]string{"slow: Programmed=Conflicted"}, entries); diff != "" {
		t.Errorf("without targets (-want +got):\n%s", diff)
	}
}

func TestListsAreBounded(t *testing.T) {
	var reports []*status.Report
	for i := range 40 {
		reports = append(reports, reported(fmt.Sprintf("s%02d", i)))
	}
	reports = append(reports, reported("z-bad", ir.Issue{Effect: ir.EffectRejected, Reason: "Invalid", Message: "bad"}))
	entries, sum, out := statusOf(t, status.Subject{Reports: reports})
	if len(entries) != v1alpha1.MaxTargets || out.TargetsOmitted != 41-v1alpha1.MaxTargets || entries[0] != "z-bad: Accepted=Invalid Programmed=Invalid" {
		t.Errorf("%d entries, %d omitted, first %q", len(entries), out.TargetsOmitted, entries[0])
	}
	if want := "Ready=False 1 of 41 targets: bad"; sum != want {
		t.Errorf("summary %q, want %q", sum, want)
	}
}

func TestWhatNobodyTookUpIsPending(t *testing.T) {
	_, sum, out := statusOf(t, status.Subject{})
	if sum != "Ready=False no mesh and no gateway has taken this object up yet" || len(out.Targets) > 0 {
		t.Errorf("summary %q, targets %v", sum, out.Targets)
	}
}

func TestTheSameAgainKeepsItsTimes(t *testing.T) {
	object := &v1alpha1.TrafficPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "slow", Generation: 3}}
	subject := status.Subject{Object: object, Reports: []*status.Report{reported("a"), reported("b")}, Now: metav1.NewTime(time.Unix(1, 0))}
	_, _, first := statusOf(t, subject)
	object.Status.TargetedStatus = first
	subject.Now = metav1.NewTime(time.Unix(2, 0))
	_, _, second := statusOf(t, subject)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("differs although nothing changed (-first +second):\n%s", diff)
	}
}
