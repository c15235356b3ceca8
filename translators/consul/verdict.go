package consul

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/translators"
)

// verdict reads condition Synced, which says whether Consul's servers have taken
// the entry: that is not yet in the proxies. Consul does not say which generation
// it is about, so that what it said before the last write is not taken for an
// answer to it.
func verdict(live *unstructured.Unstructured) translators.Verdict {
	condition := synced(live)
	since := lastWrite(live)
	switch text(condition, "status") {
	case string(metav1.ConditionTrue):
		if at, _, _ := unstructured.NestedString(live.Object, "status", "lastSyncedTime"); before(at, since) {
			return translators.Verdict{}
		}
		return translators.Verdict{State: translators.VerdictAccepted}
	case string(metav1.ConditionFalse):
		if before(text(condition, "lastTransitionTime"), since) {
			return translators.Verdict{}
		}
		return translators.Verdict{
			State: translators.VerdictRefused, Reason: text(condition, "reason"), Message: text(condition, "message"),
		}
	default:
		return translators.Verdict{}
	}
}

// synced returns the condition, or nil where there is none.
func synced(live *unstructured.Unstructured) map[string]any {
	conditions, _, err := unstructured.NestedSlice(live.Object, "status", "conditions")
	if err != nil {
		return nil
	}
	for _, c := range conditions {
		if condition, ok := c.(map[string]any); ok && text(condition, "type") == "Synced" {
			return condition
		}
	}
	return nil
}

func text(fields map[string]any, name string) string {
	value, _ := fields[name].(string)
	return value
}

// lastWrite is when somebody last changed more than the status; zero where
// nobody has recorded it.
func lastWrite(live *unstructured.Unstructured) time.Time {
	var last time.Time
	for _, f := range live.GetManagedFields() {
		if f.Subresource == "" && f.Time != nil && f.Time.After(last) {
			last = f.Time.Time
		}
	}
	return last
}

// before says whether a time, as an object has it, is earlier. One that cannot
// be read is.
func before(at string, than time.Time) bool {
	t, err := time.Parse(time.RFC3339, at)
	return err != nil || t.Before(than)
}
