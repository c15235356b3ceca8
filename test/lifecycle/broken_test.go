//go:build e2e

package lifecycle

import (
	"context"
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/charts"
)

// brokenUpgrades asks for what cannot become, in every way that is known, while
// requests are sent. Nobody helps: what ran before has to run again.
func brokenUpgrades(t *testing.T) {
	t.Helper()
	f := startTraffic(t)
	for _, broken := range []struct {
		what   string
		ask    func(*v1alpha1.Mesh)
		reason v1alpha1.ConditionReason
	}{
		{"values that the chart refuses", func(m *v1alpha1.Mesh) {
			setValue(m, "99.99", "compatibilityVersion")
		}, ""},
		{"a chart that fails half way, in place", func(m *v1alpha1.Mesh) {
			m.Spec.Version, m.Spec.Upgrade.Strategy = newer, v1alpha1.UpgradeInPlace
			m.Spec.Helm.ChartSource.Repository = charts.URL(charts.Broken)
		}, v1alpha1.ReasonRolledBack},
		{"an image that never starts, in place", func(m *v1alpha1.Mesh) {
			m.Spec.Version, m.Spec.Upgrade.Strategy = newer, v1alpha1.UpgradeInPlace
			setValue(m, "no-such-tag", "global", "tag")
		}, v1alpha1.ReasonRolledBack},
	} {
		happening(t, broken.what, "reported, and "+older+" serves", func() (string, error) {
			return breakAndMend(t.Context(), t, broken.ask, broken.reason)
		})
	}
	f.finish(atLeast / 10)
}

// breakAndMend asks for something broken, awaits the report, looks what runs,
// and takes back what was asked.
func breakAndMend(ctx context.Context, t *testing.T, ask func(*v1alpha1.Mesh), reason v1alpha1.ConditionReason) (string, error) {
	t.Helper()
	var before v1alpha1.MeshSpec
	if err := edit(ctx, func(m *v1alpha1.Mesh) { before = *m.Spec.DeepCopy(); ask(m) }); err != nil {
		return "", err
	}
	var said *metav1.Condition
	err := await(ctx, "a failure is reported", func(m *v1alpha1.Mesh) bool {
		said = stalled(m)
		return current(m) && said != nil && (reason == "" || said.Reason == string(reason))
	})
	if err != nil {
		return "", err
	}
	t.Logf("%s: %s", said.Reason, said.Message)
	if err := await(ctx, "only "+older+" runs again", func(*v1alpha1.Mesh) bool {
		running := istiods(ctx, t)
		return len(running) == 1 && running[older] > 0
	}); err != nil {
		return "", err
	}
	if err := edit(ctx, func(m *v1alpha1.Mesh) { m.Spec = before }); err != nil {
		return "", err
	}
	return "reported, and " + older + " serves", awaitVersion(ctx, older)
}

// stalled is the condition that says that nothing goes on without an edit.
func stalled(m *v1alpha1.Mesh) *metav1.Condition {
	if m.Status.Install == nil {
		return nil
	}
	c := meta.FindStatusCondition(m.Status.Install.Conditions, string(v1alpha1.ConditionStalled))
	if c == nil || c.Status != metav1.ConditionTrue {
		return nil
	}
	return c
}

// setValue changes one value of the charts.
func setValue(m *v1alpha1.Mesh, value any, path ...string) {
	var values map[string]any
	if err := json.Unmarshal(m.Spec.Helm.Values.Raw, &values); err != nil {
		panic(err) // The tests wrote them.
	}
	at := values
	for _, key := range path[:len(path)-1] {
		below, ok := at[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			at[key] = below
		}
		at = below
	}
	at[path[len(path)-1]] = value
	raw, err := json.Marshal(values)
	if err != nil {
		panic(err) // As above.
	}
	m.Spec.Helm.Values = &runtime.RawExtension{Raw: raw}
}

// istiods are the versions of the control planes that are ready, and how many
// pods each has.
func istiods(ctx context.Context, t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, p := range podsIn(ctx, t, control) {
		if p.Labels["app"] == "istiod" && ready(&p) {
			counts[tag(p.Spec.Containers[0].Image)]++
		}
	}
	return counts
}
