package installer

import (
	"errors"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// trouble is why the last act for a Mesh did not succeed.
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
	out := &trouble{generation: t.mesh.Generation, act: describe(t.step), reason: v1alpha1.ReasonInstallFailed, message: err.Error()}
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

// troubleOf returns what is wrong with the step; nil where it is another one
// than what failed.
func (c *controller) troubleOf(t turn) *trouble {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.troubles[t.mesh.Name]
	if known == nil || known.generation != t.mesh.Generation || known.act != describe(t.step) {
		return nil
	}
	return known
}

// settle takes note of how an act ended, nil for well, and says whether that is
// news.
func (c *controller) settle(mesh string, with *trouble) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.troubles[mesh]
	if with == nil {
		delete(c.troubles, mesh)
		return known != nil
	}
	c.troubles[mesh] = with
	return known == nil || *known != *with
}
