package apply

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Phase is a part of a change: first new things come beside old ones, then
// routes move over, then what is not used any more goes.
type Phase string

// The phases, in their order.
const (
	Expand   Phase = "Expand"
	Switch   Phase = "Switch"
	Contract Phase = "Contract"
)

// Verb is what a step does.
type Verb string

// The verbs.
const (
	// Create writes an object that must not exist.
	Create Verb = "create"
	// Update writes an object that must be as it was seen.
	Update Verb = "update"
	// Delete removes an object that must be as it was seen.
	Delete Verb = "delete"
)

// Step is one change of one object.
type Step struct {
	Phase Phase
	Verb  Verb
	Ref   translators.ObjectRef
	// Content is all that we say about the object; nil in Delete.
	Content map[string]any
	// Apply says that Content has to be applied; false where taking away what
	// others added is all.
	Apply bool
	// Remove are JSON pointers to what others added to an object of ours, in
	// the order in which they can be removed.
	Remove []string
	// UID and ResourceVersion are those of the object as it was seen; empty in
	// Create.
	UID             types.UID
	ResourceVersion string
	// Sources are the objects that hear of a failure.
	Sources []ir.Source
}

// Culprit is an object that freezes its unit.
type Culprit struct {
	ir.Ref
	// Serving is the generation whose native objects stay in force.
	Serving int64
}

// Topic is something outside of a unit that its plan depended on; exactly one
// field is set. When it changes, the unit is to be planned again.
type Topic struct {
	Object    translators.ObjectRef
	Rival     string
	Kind      schema.GroupVersionKind
	Namespace string
}

// Plan is what is to be done for a unit.
type Plan struct {
	Key   ir.Key
	Steps []Step
	// Issues are what users have to know: conflicts, missing kinds, waits.
	Issues []ir.Issue
	// Frozen is not empty where nothing is touched because of an edit that
	// cannot be expressed.
	Frozen []Culprit
	// Doomed are the objects of the unit that it wants no longer, removed in
	// this plan or a later one.
	Doomed []translators.ObjectRef
	// Unfinished says that removals are left for a later plan.
	Unfinished bool
	Topics     []Topic
}

// Input is all that a plan depends on.
type Input struct {
	Key ir.Key
	// Provider is the name of the one whose objects they are; empty where it is
	// not known.
	Provider string
	// Objects are what the unit wants, in the order in which they are applied;
	// none where the unit exists no longer.
	Objects []translators.Object
	// Rejected are the objects of which nothing is programmed by this unit.
	Rejected []ir.Ref
	// Live has every object that carries the unit's mark, and whatever has the
	// name of a wanted one.
	Live map[translators.ObjectRef]*Live
	// Settled says that the last change of the unit has had time to arrive.
	Settled bool
	// Prune is the verdict about removals.
	Prune   Verdict
	Catalog Catalog
	View    View
}

// View answers what a plan has to know of the rest of the cluster.
type View struct {
	// Served says whether the API server knows the kind.
	Served func(schema.GroupVersionKind) bool
	// Terminating says whether a namespace is going away.
	Terminating func(namespace string) bool
	// Exists says whether there is an object of the name that is not about to go.
	Exists func(translators.ObjectRef) bool
	// Needed says whether an object of another unit must go before this one.
	Needed func(translators.ObjectRef) bool
	// Rivals returns the foreign objects that speak for one of the keys, sorted.
	Rivals func(keys []string) []translators.ObjectRef
}

// Make returns the plan for a unit. It is pure; an error is a live object that
// cannot be read.
func Make(in Input) (Plan, error) {
	p := &planner{in: in, plan: Plan{Key: in.Key}, wanted: map[translators.ObjectRef]bool{}, blocked: map[translators.ObjectRef]bool{}}
	if p.plan.Frozen = frozen(in); len(p.plan.Frozen) > 0 {
		return p.plan, nil
	}
	for _, obj := range in.Objects {
		p.wanted[refOf(obj)] = true
	}
	for _, obj := range in.Objects {
		if err := p.want(obj); err != nil {
			return Plan{}, err
		}
	}
	p.doom()
	p.contract()
	p.plan.Issues = ir.SortIssues(p.plan.Issues)
	return p.plan, nil
}

// frozen returns the rejected objects that the unit's live objects were made
// from: those are edits of something that is programmed.
func frozen(in Input) []Culprit {
	var culprits []Culprit
	for _, ref := range in.Rejected {
		for _, live := range in.Live {
			if !live.Ours || live.Unit != in.Key.Hash() {
				continue
			}
			if serving, ok := live.Served(ref); ok {
				culprits = append(culprits, Culprit{Ref: ref, Serving: serving})
				break
			}
		}
	}
	return culprits
}
