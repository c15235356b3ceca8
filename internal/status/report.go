package status

import (
	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/ir"
)

// Report is how the last run of a unit ended.
type Report struct {
	Key          ir.Key
	Participants []ir.Participant
	// Issues are those of resolving, translating and applying.
	Issues []ir.Issue
	// Frozen are the culprits while nothing of the unit is touched.
	Frozen []apply.Culprit
	// Failure is nil where everything was written.
	Failure *Failure
	// Members counts the namespaces, in the report of a mesh.
	Members int32
	// Gateway and Pairings are set in the report of a gateway.
	Gateway  *ir.GatewayWorkload
	Pairings []engine.BackendPairing
}

// Failure is why something was not written.
type Failure struct {
	Reason  v1alpha1.ConditionReason
	Code    string
	Message string
}

// objects are the objects that the report speaks of.
func (r *Report) objects() map[ir.Ref]bool {
	refs := map[ir.Ref]bool{}
	if r == nil {
		return refs
	}
	for _, p := range r.Participants {
		refs[p.Object] = true
	}
	for _, issue := range r.Issues {
		if issue.Source.Name != "" {
			refs[issue.Source.Ref] = true
		}
	}
	return refs
}
