package traffic

import (
	"context"
	"fmt"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/reconciler"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// shared writes an object that units have parts in: one that we made for them,
// or single fields of one that is somebody else's.
func (c *Controller) shared(ctx context.Context, key ir.Key) (time.Duration, error) {
	if len(c.progress.admit([]ir.Key{key})) == 0 {
		return 0, nil
	}
	ref, err := apply.SharedRef(key)
	if err != nil {
		return 0, err
	}
	ticket := c.Joiner.Begin(key)
	parts, keep := c.parts.Of(ref)
	keep = keep || c.Guard.Stopped()
	ours := len(c.Cache.Of(key, nil)) > 0
	for _, part := range parts {
		ours = ours || part.Create
	}
	if ours {
		return c.madeForAll(ctx, key, ticket, made{parts, keep})
	}
	if c.Terminating(ref.Namespace) || ref.Kind == "Namespace" && c.Terminating(ref.Name) {
		c.tell(key, ticket, parts, &status.Report{Key: key})
		return 0, nil
	}
	seen, err := c.Writer.Look(ctx, ref)
	if err != nil {
		return 0, err
	}
	plan, err := apply.MakeShared(apply.SharedInput{Ref: ref, Contributions: parts, Live: seen, Keep: keep})
	if err != nil {
		return 0, err
	}
	if plan.Retracts && !keep {
		if err := c.Intact(ctx, contributors); err != nil {
			return 0, err
		}
	}
	if plan.Content != nil {
		err = c.Writer.Shared(ctx, ref, seen, plan.Content)
	}
	if err != nil && reconciler.ClassOf(err) == reconciler.Transient {
		return 0, err
	}
	c.tell(key, ticket, parts, &status.Report{Key: key, Issues: plan.Issues, Failure: failure(err)})
	return 0, err
}

// contributors are the kinds of ours whose objects ask for fields of others, and
// for parts of objects that several units make.
var contributors = []string{
	v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
	v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindExternalService, v1alpha1.KindGatewayRoute,
}

// made is what units want of an object of our own.
type made struct {
	parts []translators.Contribution
	// keep says that the parts may not be all of them.
	keep bool
}

// madeForAll writes an object of our own to which several units contribute. It
// goes with the last of them. Nothing is taken from it while a unit that has a
// part in it may not be heard.
func (c *Controller) madeForAll(ctx context.Context, key ir.Key, ticket uint64, m made) (time.Duration, error) {
	live := len(c.Cache.Of(key, nil)) > 0
	if live && m.keep {
		c.tell(key, ticket, m.parts, &status.Report{Key: key})
		return 0, nil
	}
	parts := m.parts
	merged, issues := engine.Merge(parts)
	var objects []translators.Object
	for _, one := range merged {
		objects = append(objects, translators.Object{Object: one.Object, Sources: one.Sources})
	}
	engine.Stamp(key, objects)
	plan, err := c.plan(ctx, wanted{key: key, objects: objects})
	if err != nil {
		return 0, fmt.Errorf("plan unit %s: %w", key, err)
	}
	if live && len(plan.Steps) > 0 {
		if err := c.Intact(ctx, contributors); err != nil {
			return 0, err
		}
	}
	again, err := c.execute(ctx, plan)
	if err != nil && reconciler.ClassOf(err) == reconciler.Transient {
		return 0, err
	}
	issues = append(append(issues, plan.Issues...), c.refusals(key, "", objects)...)
	c.tell(key, ticket, parts, &status.Report{Key: key, Issues: ir.SortIssues(issues), Failure: failure(err)})
	return again, err
}

// tell ends the run of a shared object. A failure concerns all who have a part.
func (c *Controller) tell(key ir.Key, ticket uint64, parts []translators.Contribution, report *status.Report) {
	if report.Failure != nil {
		for _, part := range parts {
			report.Issues = append(report.Issues, ir.Issue{
				Effect: ir.EffectWithheld, Source: ir.Source{Ref: part.Source.Ref, Generation: part.Source.Generation},
				Reason: string(report.Failure.Reason), Code: report.Failure.Code, Message: report.Failure.Message,
			})
		}
		report.Issues = ir.SortIssues(report.Issues)
	}
	if len(report.Issues) == 0 {
		report = nil
	}
	c.Changed(c.Joiner.End(key, ticket, report))
}
