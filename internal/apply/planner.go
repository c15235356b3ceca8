package apply

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// planner gathers a plan.
type planner struct {
	in      Input
	plan    Plan
	wanted  map[translators.ObjectRef]bool
	blocked map[translators.ObjectRef]bool
	// shrinking are updates that take away what old routes may still need.
	shrinking []Step
}

// want plans one wanted object.
func (p *planner) want(obj translators.Object) error {
	ref := refOf(obj)
	content, err := contentOf(obj)
	if err != nil {
		return err
	}
	if p.obstructed(obj, ref, content) {
		p.blocked[ref] = true
		return nil
	}
	step := Step{Phase: Expand, Verb: Create, Ref: ref, Content: content, Apply: true, Sources: obj.Sources}
	live := p.in.Live[ref]
	if live == nil {
		p.plan.Steps = append(p.plan.Steps, step)
		return nil
	}
	step.Phase, step.Verb, step.UID, step.ResourceVersion = Switch, Update, live.UID, live.ResourceVersion
	return p.update(step, live)
}

// update plans the change of an object of ours, in two steps where routes may
// need a part of its old form until they have moved over.
func (p *planner) update(step Step, live *Live) error {
	existing, owned, err := live.content()
	if err != nil {
		return err
	}
	want := compare(step.Content, existing, owned, true)
	if want.none() {
		return nil
	}
	if live.altered == digest(step.Content) {
		p.alter(step)
		return nil
	}
	wider := p.in.Catalog.expand(existing, step.Content, p.in.Provider)
	if wider == nil {
		step.Apply, step.Remove = want.write, want.added
		p.plan.Steps = append(p.plan.Steps, step)
		return nil
	}
	final := step
	final.Phase, final.Apply, final.Remove = Contract, want.write, want.added
	p.shrinking = append(p.shrinking, final)
	if missing := compare(wider, existing, owned, true); !missing.none() {
		step.Phase, step.Content, step.Apply, step.Remove = Expand, wider, missing.write, missing.added
		p.plan.Steps = append(p.plan.Steps, step)
	}
	return nil
}

// alter reports that an object does not stay as we write it. It is not written
// again before it, or what we want of it, changes.
func (p *planner) alter(step Step) {
	issue := withheld(v1alpha1.ReasonRefused, CodeAltered,
		"something in the cluster, such as an admission webhook, changes %s as it is written; find it among the webhooks for %s",
		refString(step.Ref), step.Ref.Kind)
	issue.Effect = ir.EffectPartial
	p.tell(translators.Object{Sources: step.Sources}, issue)
}

// obstructed says whether an object cannot be written now, and says why.
func (p *planner) obstructed(obj translators.Object, ref translators.ObjectRef, content map[string]any) bool {
	live := p.in.Live[ref]
	if live == nil || !live.Ours || live.Deleting {
		p.topic(Topic{Object: ref})
	}
	if p.in.View.Terminating(ref.Namespace) {
		p.topic(Topic{Namespace: ref.Namespace})
		p.tell(obj, withheld(v1alpha1.ReasonDeleting, CodeWaits, "namespace %s is being deleted, so nothing is written there", ref.Namespace))
		return true
	}
	if !p.in.View.Served(ref.GroupVersionKind) {
		p.topic(Topic{Kind: ref.GroupVersionKind})
		p.tell(obj, withheld(v1alpha1.ReasonMissingCRD, CodeMissingKind,
			"kind %s of %s is not served by the cluster, so %s cannot be written; install its CustomResourceDefinition",
			ref.Kind, ref.GroupVersion(), refString(ref)))
		return true
	}
	if live != nil && !live.Ours {
		p.tell(obj, withheld(v1alpha1.ReasonConflicted, CodeForeignObject,
			"%s exists and was not made by Meshloom, so it is left alone; remove or rename it", refString(ref)))
		return true
	}
	if live != nil && live.Deleting {
		p.tell(obj, withheld(v1alpha1.ReasonPending, CodeWaits, "%s is being deleted and is written again when it is gone", refString(ref)))
		return true
	}
	return p.rivalled(obj, content) || p.waits(obj)
}

// rivalled reports foreign objects that speak for the same thing. Routing is
// withheld then; access is written, for it can only take away.
func (p *planner) rivalled(obj translators.Object, content map[string]any) bool {
	keys := p.in.Catalog.claims(&unstructured.Unstructured{Object: content}, p.in.Provider)
	for _, key := range keys {
		p.topic(Topic{Rival: key})
	}
	rivals := p.in.View.Rivals(keys)
	if len(rivals) == 0 {
		return false
	}
	names := make([]string, len(rivals))
	for i, rival := range rivals {
		names[i] = refString(rival)
	}
	if p.in.Key.Kind == ir.KindAccess || p.in.Key.Kind == ir.KindNamespace {
		issue := withheld(v1alpha1.ReasonConflicted, CodeRival,
			"%s, not made by Meshloom, speaks for the same workloads and may admit more; remove it or express it as an AccessPolicy", join(names))
		issue.Effect = ir.EffectPartial
		p.tell(obj, issue)
		return false
	}
	p.tell(obj, withheld(v1alpha1.ReasonConflicted, CodeRival,
		"%s, not made by Meshloom, speaks for the same host; nothing is written beside it: remove it, or remove this object", join(names)))
	return true
}

// waits says whether something that the object must follow is not there.
func (p *planner) waits(obj translators.Object) bool {
	for _, ref := range obj.After {
		here := p.wanted[ref] && !p.blocked[ref]
		if !p.wanted[ref] {
			p.topic(Topic{Object: ref})
			here = p.in.View.Exists(ref)
		}
		if !here {
			p.tell(obj, withheld(v1alpha1.ReasonPending, CodeWaits, "%s has to wait for %s", refString(refOf(obj)), refString(ref)))
			return true
		}
	}
	return false
}

// doom lists the unit's objects that are not wanted, in the order of removal.
func (p *planner) doom() {
	for ref, live := range p.in.Live {
		if !p.wanted[ref] && live.Ours && live.Unit == p.in.Key.Hash() && !p.in.View.Terminating(ref.Namespace) {
			p.plan.Doomed = append(p.plan.Doomed, ref)
		}
	}
	slices.SortFunc(p.plan.Doomed, func(a, b translators.ObjectRef) int {
		return cmp.Or(p.in.Catalog.rank(b.GroupVersionKind)-p.in.Catalog.rank(a.GroupVersionKind), strings.Compare(refString(a), refString(b)))
	})
}

// contract plans what goes: one kind at a time, each after the change before
// it has had time to arrive, and nothing while the unit is not whole.
func (p *planner) contract() {
	steps := p.shrinking
	if p.in.Prune == Allow {
		steps = append(p.removals(), steps...)
	} else if len(p.plan.Doomed) > 0 {
		p.plan.Unfinished = true
	}
	if len(steps) == 0 {
		return
	}
	if len(p.plan.Steps) > 0 || len(p.blocked) > 0 || !p.in.Settled {
		p.plan.Unfinished = true
		return
	}
	first := slices.MaxFunc(steps, func(a, b Step) int { return p.rank(a) - p.rank(b) })
	for _, step := range steps {
		if p.rank(step) == p.rank(first) {
			p.plan.Steps = append(p.plan.Steps, step)
		} else {
			p.plan.Unfinished = true
		}
	}
}

func (p *planner) rank(s Step) int { return p.in.Catalog.rank(s.Ref.GroupVersionKind) }

func (p *planner) removals() []Step {
	var steps []Step
	for _, ref := range p.plan.Doomed {
		live := p.in.Live[ref]
		if live.Deleting {
			continue
		}
		if p.in.View.Needed(ref) {
			p.plan.Unfinished = true
			continue
		}
		steps = append(steps, Step{
			Phase: Contract, Verb: Delete, Ref: ref, UID: live.UID, ResourceVersion: live.ResourceVersion, Sources: live.Sources,
		})
	}
	return steps
}

func (p *planner) topic(t Topic) {
	if !slices.Contains(p.plan.Topics, t) {
		p.plan.Topics = append(p.plan.Topics, t)
	}
}

// tell raises an issue for every object that the native one was made from.
func (p *planner) tell(obj translators.Object, issue ir.Issue) {
	for _, source := range obj.Sources {
		issue.Source = ir.Source{Ref: source.Ref, Generation: source.Generation}
		p.plan.Issues = append(p.plan.Issues, issue)
	}
}

func withheld(reason v1alpha1.ConditionReason, code, format string, args ...any) ir.Issue {
	return ir.Issue{Effect: ir.EffectWithheld, Reason: string(reason), Code: code, Message: fmt.Sprintf(format, args...)}
}

func refOf(obj translators.Object) translators.ObjectRef { return engine.RefOf(obj) }

// contentOf returns an object as what we say about it, without what only the
// API server says.
func contentOf(obj translators.Object) (map[string]any, error) {
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", refString(refOf(obj)), err)
	}
	content, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", refString(refOf(obj)), err)
	}
	delete(content, "status")
	metadata, _ := content["metadata"].(map[string]any)
	for _, key := range []string{"creationTimestamp", "uid", "resourceVersion", "generation", "managedFields"} {
		delete(metadata, key)
	}
	return content, nil
}

// join lists at most three names.
func join(names []string) string {
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return strings.Join(names, ", ")
}
