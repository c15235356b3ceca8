package status

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/translators/ir"
)

var (
	split = ir.Ref{Kind: "TrafficSplit", Namespace: "shop", Name: "reviews"}
	unit  = ir.Key{Kind: ir.KindService, Mesh: "m", Namespace: "shop", Name: "reviews"}
)

func issue(effect ir.Effect, reason, message string) ir.Issue {
	return ir.Issue{Effect: effect, Source: ir.Source{Ref: split}, Reason: reason, Code: "ML0001", Message: message}
}

func TestConditions(t *testing.T) {
	cases := map[string]struct {
		outcome Outcome
		want    []string
		ready   []string
	}{
		"all is well": {
			Outcome{},
			[]string{"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=True/Programmed"},
			[]string{"Ready=True/Ready"},
		},
		"a note": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectNote, "Emulated", "differs")}},
			[]string{"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=True/Programmed: differs (ML0001)"},
			[]string{"Ready=True/Ready"},
		},
		"rejected": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectRejected, "Unsupported", "cannot")}},
			[]string{"Accepted=False/Unsupported: cannot (ML0001)", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/Unsupported: cannot (ML0001)"},
			[]string{"Ready=False/Unsupported: cannot (ML0001)", "Stalled=True/Unsupported: cannot (ML0001)"},
		},
		"closed": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectClosed, "UnsupportedClosed", "closed")}},
			[]string{"Accepted=False/UnsupportedClosed: closed (ML0001)", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/UnsupportedClosed: closed (ML0001)"},
			[]string{"Ready=False/UnsupportedClosed: closed (ML0001)", "Stalled=True/UnsupportedClosed: closed (ML0001)"},
		},
		"frozen by another": {
			Outcome{Frozen: []apply.Culprit{{Ref: ir.Ref{Kind: "TrafficPolicy", Namespace: "shop", Name: "p"}, Serving: 3}}},
			[]string{
				"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs",
				"Programmed=False/Frozen: TrafficPolicy/shop/p cannot be programmed as it is now, so what was made of its generation 3 stays in force and nothing it shares native objects with changes; see its status (ML3008)",
			},
			nil,
		},
		"unresolved and in force": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectUnresolved, "BackendNotFound", "no backend")}},
			[]string{"Accepted=True/Accepted", "ResolvedRefs=False/BackendNotFound: no backend (ML0001)", "Programmed=True/Programmed"},
			[]string{"Ready=False/BackendNotFound: no backend (ML0001)", "Stalled=True/BackendNotFound: no backend (ML0001)"},
		},
		"waiting": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectWithheld, "Pending", "waits")}},
			[]string{"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/Pending: waits (ML0001)"},
			[]string{"Ready=False/Pending: waits (ML0001)", "Reconciling=True/Pending: waits (ML0001)"},
		},
		"failed": {
			Outcome{Failure: &Failure{Reason: v1alpha1.ReasonApplyFailed, Code: "ML3007", Message: "no answer"}},
			[]string{"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=False/ApplyFailed: no answer (ML3007)"},
			[]string{"Ready=False/ApplyFailed: no answer (ML3007)", "Reconciling=True/ApplyFailed: no answer (ML3007)"},
		},
		"partly, in any order": {
			Outcome{Issues: []ir.Issue{issue(ir.EffectPartial, "Unsupported", "b"), issue(ir.EffectPartial, "Unsupported", "a"), issue(ir.EffectPartial, "Unsupported", "b")}},
			[]string{
				"Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs", "Programmed=True/Programmed",
				"PartiallySupported=True/Unsupported: a (ML0001); b (ML0001)",
			},
			[]string{"Ready=True/Ready"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			conditions := c.outcome.Conditions(7)
			if diff := cmp.Diff(c.want, texts(conditions)); diff != "" {
				t.Errorf("conditions (-want +got):\n%s", diff)
			}
			if c.ready == nil {
				return
			}
			if diff := cmp.Diff(c.ready, texts(Sum(7, conditions))); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func texts(conditions []metav1.Condition) []string {
	var out []string
	for _, c := range conditions {
		text := fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason)
		if c.Message != "" {
			text += ": " + c.Message
		}
		out = append(out, text)
	}
	return out
}

func TestLongMessagesAreCut(t *testing.T) {
	var issues []ir.Issue
	for i := range 9 {
		issues = append(issues, issue(ir.EffectPartial, "Unsupported", fmt.Sprint(i)))
	}
	got := Outcome{Issues: issues}.Conditions(1)[3].Message
	if want := "0 (ML0001); 1 (ML0001); 2 (ML0001); 3 (ML0001); and 5 more"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestInheritKeepsTimes(t *testing.T) {
	then, now := metav1.NewTime(time.Unix(1, 0)), metav1.NewTime(time.Unix(2, 0))
	old := []metav1.Condition{{Type: "A", Status: "True", LastTransitionTime: then}, {Type: "B", Status: "True", LastTransitionTime: then}}
	next := []metav1.Condition{{Type: "A", Status: "True", Reason: "Other"}, {Type: "B", Status: "False"}, {Type: "C", Status: "True"}}
	Inherit(old, next, now)
	for i, want := range []metav1.Time{then, now, now} {
		if !next[i].LastTransitionTime.Equal(&want) {
			t.Errorf("%s: %s, want %s", next[i].Type, next[i].LastTransitionTime, want)
		}
	}
}

func TestJoinerWaitsForEveryUnit(t *testing.T) {
	j := NewJoiner()
	other := unit
	other.Name = "other"
	j.Expect(split, []ir.Key{unit, other})
	complete := func() bool { _, ok := j.Of(split); return ok }
	if complete() {
		t.Error("complete before any unit has run")
	}
	refs := j.End(unit, j.Begin(unit), &Report{Key: unit, Participants: []ir.Participant{{Object: split}}})
	if len(refs) != 1 || refs[0] != split || complete() {
		t.Errorf("after one of two: %v, complete %v", refs, complete())
	}
	begun := j.Begin(other)
	j.Expect(ir.Ref{}, []ir.Key{other})
	if j.End(other, begun, nil); complete() {
		t.Error("complete although an event came while the unit ran")
	}
	if refs := j.End(other, j.Begin(other), nil); len(refs) != 1 || !complete() {
		t.Errorf("after all: %v, complete %v", refs, complete())
	}
	if reports, _ := j.Of(split); len(reports) != 1 {
		t.Errorf("%d reports", len(reports))
	}
	if refs := j.End(unit, j.Begin(unit), nil); len(refs) != 1 {
		t.Errorf("the end of a unit concerns %v", refs)
	}
}

func TestJoinerIsSafeForConcurrentUse(t *testing.T) {
	j := NewJoiner()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for i := range 200 {
				key := unit
				key.Name = fmt.Sprint(i % 7)
				j.Expect(split, []ir.Key{key})
				j.End(key, j.Begin(key), &Report{Key: key, Participants: []ir.Participant{{Object: split}}})
				j.Of(split)
			}
		})
	}
	workers.Wait()
}

func TestJoinerGivesRoomBack(t *testing.T) {
	j := NewJoiner()
	const all, stay = 2 * minShed, 10
	key := func(n int) ir.Key { return ir.Key{Kind: ir.KindService, Name: fmt.Sprint(n)} }
	object := func(n int) ir.Ref { return ir.Ref{Kind: "TrafficSplit", Name: fmt.Sprint(n)} }
	for n := range all {
		j.Expect(object(n), []ir.Key{key(n)})
		j.End(key(n), j.Begin(key(n)), &Report{Key: key(n), Participants: []ir.Participant{{Object: object(n)}}})
	}
	for n := stay; n < all; n++ {
		j.End(key(n), j.Begin(key(n)), nil)
	}
	if j.ended >= minShed {
		t.Errorf("%d units ended and no room was given back", j.ended)
	}
	for _, n := range []int{3, all - 1} {
		reports, complete := j.Of(object(n))
		if want := n < stay; (len(reports) == 1) != want || !complete {
			t.Errorf("object %d has %d reports, complete %v; want one: %v", n, len(reports), complete, want)
		}
	}
}
