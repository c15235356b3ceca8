// Package traffic turns units into native objects and says what became of
// those whom they came from. Events of the cluster make units due (watches.go);
// the Controller computes each unit, plans it against what is known of the
// cluster and executes the plan; Status joins the reports into the status of
// routes, splits, policies and external services.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/reconciler"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Controller processes units, one at a time for each key.
type Controller struct {
	Engine *engine.Engine
	Cache  *apply.Cache
	Writer *apply.Writer
	Guard  *apply.Guard
	Joiner *status.Joiner
	// Served says whether a native kind can be written, and Terminating
	// whether a namespace is going away.
	Served      func(schema.GroupVersionKind) bool
	Terminating func(namespace string) bool
	// Intact fails where the CRD of one of our kinds is gone or going: what was
	// made of objects that go with it stays.
	Intact func(ctx context.Context, kinds []string) error
	// Settle is how long a change has to arrive before what it replaces goes.
	Settle time.Duration
	// Due makes units run, and Changed has the status of objects computed.
	Due     func([]ir.Key)
	Changed func([]ir.Ref)
	// Ran is called after every run of a unit with what it took, and may be nil.
	Ran func(kind ir.UnitKind, took time.Duration)

	parts    apply.Parts
	progress progress
}

// maxPlans bounds how often a unit is planned again because the cluster
// changed meanwhile; the events of those changes make it due anyway.
const maxPlans = 3

// Begin says which units have to run before anything that units share is taken
// for gone. The channel is closed when they have.
func (c *Controller) Begin(keys []ir.Key) <-chan struct{} {
	primed, held := c.progress.begin(keys)
	c.Due(held)
	return primed
}

// Process runs one unit. A positive duration says when what is left to remove
// can go.
func (c *Controller) Process(ctx context.Context, key ir.Key) (time.Duration, error) {
	begun := time.Now()
	defer func() {
		if c.Ran != nil {
			c.Ran(key.Kind, time.Since(begun))
		}
	}()
	defer func() { c.Due(c.progress.ran(key)) }()
	if key.Kind == apply.KindShared {
		return c.shared(ctx, key)
	}
	ticket := c.Joiner.Begin(key)
	out := c.Engine.Compute(key)
	plan, err := c.plan(ctx, wanted{key: key, provider: out.Provider, objects: out.Objects, rejected: out.Rejected})
	if err != nil {
		return 0, fmt.Errorf("plan unit %s: %w", key, err)
	}
	if held, of := c.Guard.Holding(key.Mesh); held > 0 && len(plan.Doomed) > 0 {
		// The Mesh says so, too, unless it is gone.
		log.FromContext(ctx).Info("Held removals until somebody agrees", "mesh", key.Mesh, "unit", key.String(), "held", held, "of", of)
	}
	if len(plan.Frozen) > 0 {
		c.parts.Freeze(key)
	} else {
		c.contribute(c.parts.Set(key, out.Contributions))
	}
	again, err := c.execute(ctx, plan)
	if err != nil && reconciler.ClassOf(err) == reconciler.Transient {
		return 0, err
	}
	if len(plan.Frozen) == 0 {
		plan.Issues = append(plan.Issues, c.refusals(key, out.Provider, out.Objects)...)
	}
	c.Changed(c.Joiner.End(key, ticket, report(out, plan, err)))
	return again, err
}

// wanted is what a unit is to be.
type wanted struct {
	key      ir.Key
	provider string
	objects  []translators.Object
	rejected []ir.Ref
}

// plan plans a unit, and takes note of what the plan depended on.
func (c *Controller) plan(ctx context.Context, want wanted) (apply.Plan, error) {
	key, objects := want.key, want.objects
	for attempt := 1; ; attempt++ {
		seen := c.Cache.Version()
		in := apply.Input{
			Key: key, Provider: want.provider, Objects: objects, Rejected: want.rejected, Live: c.Cache.Of(key, objects), Prune: apply.Wait,
			Settled: c.progress.settled(key, c.Settle), Catalog: c.Writer.Catalog,
			View: c.Cache.View(key, c.Served, c.Terminating),
		}
		plan, err := apply.Make(in)
		if err != nil {
			return plan, err
		}
		verdict, others := c.Guard.Computed(key, len(plan.Doomed))
		c.Due(others)
		if len(plan.Doomed) > 0 && key.Mesh != "" {
			c.Changed([]ir.Ref{{Kind: v1alpha1.KindMesh, Name: key.Mesh}})
		}
		if verdict == apply.Allow && len(plan.Doomed) > 0 {
			if err := c.Intact(ctx, origins(in, plan.Doomed)); err != nil {
				return plan, err
			}
			in.Prune = apply.Allow
			if plan, err = apply.Make(in); err != nil {
				return plan, err
			}
		}
		c.Cache.Note(key, plan.Topics, objects)
		// What changed between looking and taking note told nobody.
		if c.Cache.Version() == seen || attempt == maxPlans {
			return plan, nil
		}
	}
}

// origins are the kinds of ours that doomed objects exist by: those of their
// sources, and those by which there is a unit at all.
func origins(in apply.Input, doomed []translators.ObjectRef) []string {
	kinds := []string{v1alpha1.KindMesh}
	if in.Key.Mesh == "" {
		kinds = append(kinds, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway)
	}
	for _, ref := range doomed {
		for _, source := range in.Live[ref].Sources {
			if !slices.Contains(kinds, source.Kind) {
				kinds = append(kinds, source.Kind)
			}
		}
	}
	return kinds
}

// execute carries a plan out, and says when to come back for what it leaves.
func (c *Controller) execute(ctx context.Context, plan apply.Plan) (time.Duration, error) {
	changed, affected, err := c.Writer.Run(ctx, plan)
	removed := 0
	for _, step := range plan.Steps[:changed] {
		if step.Verb == apply.Delete {
			removed++
		}
	}
	c.Guard.Removed(plan.Key, removed)
	if changed > 0 {
		c.progress.changed(plan.Key, c.Settle)
	}
	c.Due(affected)
	if err != nil || !plan.Unfinished {
		return 0, err
	}
	return c.progress.remaining(plan.Key, c.Settle), nil
}

// contribute makes shared objects due, once all units have said what they
// want of them.
func (c *Controller) contribute(refs []translators.ObjectRef) {
	var keys []ir.Key
	for _, ref := range refs {
		keys = append(keys, apply.SharedKey(ref))
	}
	c.Due(c.progress.admit(keys))
}

// report sums up a run. A unit that exists no longer and left nothing to say
// has none.
func report(out engine.Output, plan apply.Plan, err error) *status.Report {
	r := &status.Report{
		Key: plan.Key, Issues: ir.SortIssues(append(out.Issues, plan.Issues...)), Frozen: plan.Frozen, Failure: failure(err),
	}
	if out.Unit == nil {
		if len(r.Issues) == 0 {
			return nil
		}
		return r
	}
	r.Participants = out.Unit.Participants
	if out.Unit.Mesh != nil {
		r.Members = int32(len(out.Unit.Mesh.Members)) //nolint:gosec // A count of namespaces.
	}
	if plan.Key.Kind == ir.KindGateway {
		r.Pairings = out.Pairings
		if out.Unit.Gateway != nil {
			r.Gateway = out.Unit.Gateway.Workload
		}
	}
	return r
}

// failure says in the user's words why a write did not happen.
func failure(err error) *status.Failure {
	if err == nil {
		return nil
	}
	object := "an object"
	var step *apply.StepError
	if errors.As(err, &step) {
		object = fmt.Sprintf("%s %s/%s", step.Step.Ref.Kind, step.Step.Ref.Namespace, step.Step.Ref.Name)
		err = step.Err
	}
	if errors.Is(err, apply.ErrContested) {
		return &status.Failure{
			Reason: v1alpha1.ReasonConflicted, Code: apply.CodeContested,
			Message: object + " is changed back by somebody else each time it is written, so it is written ever more seldom; its managed fields say who",
		}
	}
	if reconciler.ClassOf(err) == reconciler.Refused {
		return &status.Failure{Reason: v1alpha1.ReasonRefused, Code: apply.CodeRefused, Message: fmt.Sprintf("the API server refuses %s: %v", object, err)}
	}
	return &status.Failure{Reason: v1alpha1.ReasonApplyFailed, Code: apply.CodeFailed, Message: fmt.Sprintf("%s could not be written and is tried again: %v", object, err)}
}
