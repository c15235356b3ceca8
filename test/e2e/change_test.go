//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/scenarios"
	"github.com/meshloom/meshloom/test/stage"
)

// TestDeletionTakesExactlyWhatCameFromIt compares all native objects before a
// TrafficSplit came and after it went, among those of others.
func TestDeletionTakesExactlyWhatCameFromIt(t *testing.T) {
	begin(t, "outlier")
	before := identities(t)
	var during map[string]string
	t.Run("with the split", func(t *testing.T) {
		l := begin(t, splitScenario)
		during = identities(t)
		for _, o := range l.native(t) {
			delete(during, identity(o))
		}
	})
	happening(t, "what is left of a deleted TrafficSplit", "nothing", func() (string, error) {
		if diff := cmp.Diff(before, during); diff != "" {
			return "", fmt.Errorf("others while it was there (-before +during):\n%s", diff)
		}
		if diff := cmp.Diff(before, identities(t)); diff != "" {
			return "", fmt.Errorf("after it was deleted (-before +after):\n%s", diff)
		}
		return "nothing", nil
	})
	unsplit := scenarios.Check{Name: "all versions answer after the deletion", From: scenarios.Client, Send: named(t, splitScenario).Checks[0].Send, Times: 200}
	suite.count(t, "life", &unsplit, &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"echo-v1|echo-v2|echo-v3": 1}})
}

// identities are the versions of all native objects of ours, by kind and name.
func identities(t *testing.T) map[string]string {
	t.Helper()
	all, err := suite.AllNative(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, o := range all {
		versions[identity(o)] = string(o.GetUID()) + "@" + o.GetResourceVersion()
	}
	return versions
}

func identity(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// TestRestartWritesNothing restarts the operator on a cluster that has not
// changed and counts at the API server. That the count counts is shown by an
// edit at the end.
func TestRestartWritesNothing(t *testing.T) {
	l := begin(t, "pair")
	stage.Settle(t.Context(), 5*time.Second)
	before := writes(t)
	if err := suite.RestartOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
	happening(t, "writes after a restart", "0", func() (string, error) {
		stage.Settle(t.Context(), 10*time.Second)
		return sum(stage.Since(before, writes(t))), nil
	})
	l.counts(t, "after the restart")
	happening(t, "writes after an edit", "more than 0", func() (string, error) {
		before := writes(t)
		reweigh(t, l, 0, 100)
		if n := sum(stage.Since(before, writes(t))); n == "0" {
			return n, nil
		}
		return "more than 0", nil
	})
	check := l.Checks[0]
	check.Name = "0/100 after the edit"
	suite.count(t, "life", &check, &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"echo-v2": 1}})
}

// TestEditsDuringAnOutage changes a TrafficSplit and, by hand, what it became,
// while no operator runs.
func TestEditsDuringAnOutage(t *testing.T) {
	l := begin(t, splitScenario)
	if err := suite.StopOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := suite.API.Delete(t.Context(), l.virtualService(t)); err != nil {
		t.Fatal(err)
	}
	split := editWeights(t, l, 0, 100)
	if err := suite.StartOperator(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := suite.AwaitReady(t.Context(), split); err != nil {
		t.Fatal(err)
	}
	check := l.Checks[0]
	check.Name = "0/100, edited while no operator ran"
	suite.count(t, "life", &check, &scenarios.Outcome{Statuses: map[string]float64{"200": 1}, Answerers: map[string]float64{"echo-v2": 1}})
}

func reweigh(t *testing.T, l *live, weights ...int32) {
	t.Helper()
	if err := suite.AwaitReady(t.Context(), editWeights(t, l, weights...)); err != nil {
		t.Fatal(err)
	}
}

// editWeights changes the weights of the split's backends.
func editWeights(t *testing.T, l *live, weights ...int32) *v1alpha1.TrafficSplit {
	t.Helper()
	split := new(v1alpha1.TrafficSplit)
	if err := suite.API.Get(t.Context(), client.ObjectKeyFromObject(l.split), split); err != nil {
		t.Fatal(err)
	}
	patch := client.MergeFrom(split.DeepCopy())
	for i := range weights {
		split.Spec.BackendRefs[i].Weight = &weights[i]
	}
	if err := suite.API.Patch(t.Context(), split, patch); err != nil {
		t.Fatal(err)
	}
	split.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindTrafficSplit))
	return split
}

func writes(t *testing.T) map[string]int {
	t.Helper()
	counts, err := suite.Writes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return counts
}

// sum is the number of writes, with what they were.
func sum(counts map[string]int) string {
	total := 0
	var words []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		total += counts[name]
		words = append(words, fmt.Sprintf("%d %s", counts[name], name))
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d: %s", total, strings.Join(words, ", "))
}
