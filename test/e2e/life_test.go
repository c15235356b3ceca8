//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
	"github.com/meshloom/meshloom/test/stage"
)

// splitScenario is what the tests of the operator's life begin with: the first
// check of it counts a split of 75/25.
const splitScenario = "split-subsets"

// live is a scenario whose objects are in place.
type live struct {
	scenarios.Scenario
	oracle *scenarios.Oracle
	// text holds its objects.
	text []byte
	// split is its TrafficSplit.
	split *unstructured.Unstructured
}

// begin puts a scenario in place for one test.
func begin(t *testing.T, name string) *live {
	t.Helper()
	l := prepare(t, name)
	if err := suite.Put(t.Context(), l.text); err != nil {
		t.Fatal(err)
	}
	return l
}

// prepare reads a scenario and sees to it that its objects are removed at the
// end of the test.
func prepare(t *testing.T, name string) *live {
	t.Helper()
	l := &live{Scenario: named(t, name)}
	var err error
	if l.oracle, err = scenarios.NewOracle(suite.base, l.Scenario); err != nil {
		t.Fatal(err)
	}
	if l.text, err = l.Manifests(); err != nil {
		t.Fatal(err)
	}
	objects, err := stage.Read(l.text)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() == v1alpha1.KindTrafficSplit {
			l.split = o
		}
	}
	t.Cleanup(func() { suite.restore(t, objects) })
	return l
}

func named(t *testing.T, name string) scenarios.Scenario {
	t.Helper()
	for _, s := range scenarios.All() {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no scenario is called %s", name)
	return scenarios.Scenario{}
}

// counts runs the first check.
func (l *live) counts(t *testing.T, when string) {
	t.Helper()
	check := l.Checks[0]
	want, err := l.oracle.Expect(&check)
	if err != nil {
		t.Fatal(err)
	}
	check.Name += " " + when
	suite.count(t, "life", &check, want)
}

// virtualService returns what the split became.
func (l *live) virtualService(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	return onlyOf(t, "VirtualService", l.native(t))
}

func (l *live) native(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	native, err := suite.Native(t.Context(), l.split)
	if err != nil {
		t.Fatal(err)
	}
	return native
}

func onlyOf(t *testing.T, kind string, objects []*unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	var found []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetKind() == kind {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of kind %s, want one", len(found), kind)
	}
	return found[0]
}

// happening adds a line to the report for what is no count of requests.
func happening(t *testing.T, what, expected string, act func() (string, error)) {
	t.Helper()
	begun := time.Now()
	got, err := act()
	row := report.Row{Scenario: "life", Check: what, Expected: expected, Counted: got, Passed: err == nil && got == expected, Seconds: time.Since(begun).Seconds()}
	suite.report.Add(row)
	if err != nil {
		t.Error(err)
	} else if got != expected {
		t.Errorf("%s: %s, want %s", what, got, expected)
	}
}

// TestHandEditsAreRepaired changes what Meshloom made, in every way that a hand
// can.
func TestHandEditsAreRepaired(t *testing.T) {
	l := begin(t, splitScenario)
	made := stage.Plain(l.virtualService(t))
	for _, edit := range []struct{ name, patch string }{
		{"a changed field", `[{"op": "replace", "path": "/spec/http/1/route/0/weight", "value": 1}, {"op": "replace", "path": "/spec/http/1/route/1/weight", "value": 99}]`},
		{"an added field", `[{"op": "add", "path": "/spec/http/1/timeout", "value": "1ms"}]`},
		{"an added rule", `[{"op": "add", "path": "/spec/http/0", "value": {"name": "mine", "directResponse": {"status": 418}}}]`},
		{"a changed annotation of ours", `[{"op": "replace", "path": "/metadata/annotations/meshloom.io~1sources", "value": "TrafficSplit/routing/other@1"}]`},
	} {
		happening(t, edit.name+" of a VirtualService", "repaired", func() (string, error) {
			live := l.virtualService(t)
			if err := suite.API.Patch(t.Context(), live, client.RawPatch(types.JSONPatchType, []byte(edit.patch))); err != nil {
				return "", fmt.Errorf("edit the VirtualService: %w", err)
			}
			return "repaired", awaitSame(t, made)
		})
	}
	happening(t, "a deleted VirtualService", "repaired", func() (string, error) {
		if err := suite.API.Delete(t.Context(), l.virtualService(t)); err != nil {
			return "", fmt.Errorf("delete the VirtualService: %w", err)
		}
		return "repaired", awaitSame(t, made)
	})
	l.counts(t, "after the repairs")
}

// awaitSame waits until an object is again as it was.
func awaitSame(t *testing.T, want *unstructured.Unstructured) error {
	t.Helper()
	diff := "it is gone"
	err := stage.Until(t.Context(), func(ctx context.Context) (bool, error) {
		live := want.DeepCopy()
		if err := suite.API.Get(ctx, client.ObjectKeyFromObject(want), live); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		diff = cmp.Diff(want.Object, stage.Plain(live).Object)
		return diff == "", nil
	})
	if err != nil {
		return fmt.Errorf("wait for the repair: %w (-want +got):\n%s", err, diff)
	}
	return nil
}

// TestUnmarkedObjectsAreTheUsers takes a mark off what Meshloom made, which
// makes it somebody else's.
func TestUnmarkedObjectsAreTheUsers(t *testing.T) {
	l := begin(t, splitScenario)
	taken := l.virtualService(t)
	happening(t, "a VirtualService whose mark is taken off", "Conflicted", func() (string, error) {
		patch := `[{"op": "remove", "path": "/metadata/labels/meshloom.io~1unit"}]`
		if err := suite.API.Patch(t.Context(), taken, client.RawPatch(types.JSONPatchType, []byte(patch))); err != nil {
			return "", fmt.Errorf("take off a mark: %w", err)
		}
		return "Conflicted", suite.AwaitCondition(t.Context(), l.split, conflicted)
	})
	// It is written again at once, so its end may never be seen.
	if err := suite.API.Delete(t.Context(), taken); err != nil {
		t.Fatal(err)
	}
	happening(t, "the same when it is gone", "programmed", func() (string, error) {
		return "programmed", suite.AwaitReady(t.Context(), l.split)
	})
	l.counts(t, "after the taking")
}

// conflicted is what the status says beside objects of somebody else.
var conflicted = stage.Condition{Type: "Ready", Status: "False", Reason: "Conflicted"}

// foreign is a VirtualService that a user wrote for the same host.
const foreign = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: mine
  namespace: routing
spec:
  hosts: [echo.routing.svc.cluster.local]
  http:
  - route:
    - destination: {host: echo-v3.routing.svc.cluster.local}
`

// TestForeignObjectsAreLeftAlone writes a user's VirtualService before the
// TrafficSplit for the same host, and takes it away again.
func TestForeignObjectsAreLeftAlone(t *testing.T) {
	objects, err := stage.Read([]byte(foreign))
	if err != nil {
		t.Fatal(err)
	}
	mine := objects[0]
	if err := suite.Apply(t.Context(), []byte(foreign)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := suite.Remove(context.WithoutCancel(t.Context()), mine); err != nil {
			t.Error(err)
		}
	})
	before := mine.DeepCopy()
	if err := suite.API.Get(t.Context(), client.ObjectKeyFromObject(mine), before); err != nil {
		t.Fatal(err)
	}
	l := beginConflicted(t)
	happening(t, "a user's VirtualService for the same host", "left alone", func() (string, error) {
		after := mine.DeepCopy()
		if err := suite.API.Get(t.Context(), client.ObjectKeyFromObject(mine), after); err != nil {
			return "", err
		}
		if after.GetResourceVersion() != before.GetResourceVersion() {
			return "changed", nil
		}
		return "left alone", nil
	})
	theirs := scenarios.Check{Name: "the user's VirtualService holds", From: scenarios.Client, Send: l.Checks[0].Send}
	suite.count(t, "life", &theirs, &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"echo-v3": 1}})
	if err := suite.Remove(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	happening(t, "the same when it is gone", "programmed", func() (string, error) {
		return "programmed", suite.AwaitReady(t.Context(), l.split)
	})
	l.counts(t, "after the conflict")
}

// beginConflicted puts the split in place where it cannot become ready, and
// waits for the operator to say so.
func beginConflicted(t *testing.T) *live {
	t.Helper()
	l := prepare(t, splitScenario)
	if err := suite.Apply(t.Context(), l.text); err != nil {
		t.Fatal(err)
	}
	happening(t, "a TrafficSplit beside a user's VirtualService", "Conflicted", func() (string, error) {
		return "Conflicted", suite.AwaitCondition(t.Context(), l.split, conflicted)
	})
	for _, o := range l.native(t) {
		if o.GetKind() == "VirtualService" {
			t.Errorf("VirtualService %s was written all the same", o.GetName())
		}
	}
	return l
}
