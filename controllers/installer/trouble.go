package installer

import (
	"errors"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/status"
)

// trouble is why the last act for an object did not succeed.
type trouble struct {
	generation int64
	// act is what was tried.
	act     string
	reason  v1alpha1.ConditionReason
	message string
	// stalled says that only an edit helps.
	stalled bool
}

func newTrouble(t turn, err error) *trouble {
	out := &trouble{generation: t.generation(), act: describe(t.step), reason: v1alpha1.ReasonInstallFailed, message: err.Error()}
	var refusal *install.Refusal
	if errors.As(err, &refusal) {
		out.reason, out.stalled = refusal.Reason, true
	}
	out.message = out.message[:min(len(out.message), maxMessage)]
	return out
}

// maxMessage is what the API server takes of a condition's message, with room
// for a few words more.
const maxMessage = 32000

// in returns the state with what went wrong, nil for nothing. While the same act
// is tried again, nothing else is said of it, so that nothing flaps.
func (t *trouble) in(state *v1alpha1.InstallState, generation int64) *v1alpha1.InstallState {
	if t == nil || state == nil {
		return state
	}
	state = state.DeepCopy()
	kind, message := v1alpha1.ConditionReconciling, t.message+"; it is tried again"
	if t.stalled {
		kind, message = v1alpha1.ConditionStalled, t.message
	}
	state.Conditions = slices.DeleteFunc(state.Conditions, func(c metav1.Condition) bool {
		return c.Type == string(v1alpha1.ConditionReconciling) || c.Type == string(v1alpha1.ConditionStalled)
	})
	for i := range state.Conditions {
		c := &state.Conditions[i]
		if c.Type == string(v1alpha1.ConditionInstalled) && c.Status != metav1.ConditionTrue {
			c.Reason, c.Message = string(t.reason), message
		}
	}
	said := status.New(kind, true, t.reason, message)
	said.ObservedGeneration = generation
	state.Conditions = append(state.Conditions, said)
	return state
}

// troubleOf returns what is wrong with the step; nil where it is another one
// than what failed.
func (a *actor) troubleOf(t turn) *trouble {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.troubles[t.owner]
	if known == nil || known.generation != t.generation() || known.act != describe(t.step) {
		return nil
	}
	return known
}

// settle takes note of how an act ended, nil for well, and says whether that is
// news.
func (a *actor) settle(owner string, with *trouble) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.troubles[owner]
	if with == nil {
		delete(a.troubles, owner)
		return known != nil
	}
	a.troubles[owner] = with
	return known == nil || *known != *with
}
