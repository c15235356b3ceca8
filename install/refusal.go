package install

import (
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Refusal says why something that was asked for is not done, in the words of
// conditions. Nothing but an edit makes it go away.
type Refusal struct {
	Reason v1alpha1.ConditionReason
	// Message names the remedy.
	Message string
}

// Error returns the message.
func (r *Refusal) Error() string { return r.Message }

// refuse returns a Refusal with a formatted message.
func refuse(reason v1alpha1.ConditionReason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Message: fmt.Sprintf(format, args...)}
}
