package install

import (
	"fmt"
	"slices"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// heldPause is when to look again whether what a control plane has to let go of
// is gone: nobody watches native objects here.
const heldPause = 2 * time.Second

// leave removes the mesh: never while somebody is in it, unless the user says
// so; then what only its control plane lets go of; then the charts in reverse;
// then it lets go of the Mesh.
func (l *life) leave() Step {
	if refusal := l.inUse(); refusal != nil {
		return *refusal
	}
	if len(l.s.Held) > 0 && len(l.ownReleases()) > 0 {
		return Step{
			Kind: StepWait, After: heldPause, Reason: v1alpha1.ReasonDeleting,
			Message: fmt.Sprintf("meshloom-operator has to remove what it wrote while the control plane can let go of it: %s", list(l.s.Held, 3)),
		}
	}
	request := l.request(l.removed())
	step := NextRemoval(request)
	l.state.Releases = Noted(request, step)
	if step.Kind != StepDone {
		return step
	}
	if left := l.leftovers(); len(left) > 0 {
		return Step{
			Kind: StepSweep, Reason: v1alpha1.ReasonDeleting,
			Message: fmt.Sprintf("removing what the control plane left: %s", list(left, 3)),
		}
	}
	return l.release()
}

// leftovers are what nobody else's control plane may need.
func (l *life) leftovers() []string {
	if len(l.w.Neighbours) > 0 || len(l.strangers()) > 0 {
		return nil
	}
	return l.s.Leftovers
}

// release lets go of the Mesh. The namespace goes too if Meshloom made it and
// nobody else has anything in it.
func (l *life) release() Step {
	step := Step{Kind: StepRelease, Reason: v1alpha1.ReasonDeleting, Message: "everything is removed"}
	home := l.s.Home
	shared := slices.ContainsFunc(l.w.Neighbours, func(n Neighbour) bool { return n.Namespace == l.w.Namespace })
	switch {
	case !home.Exists || home.Terminating || !home.Ours || shared:
	case len(home.Others) > 0:
		step.Message += fmt.Sprintf("; namespace %s stays, as others have %s in it", l.w.Namespace, list(home.Others, 3))
	default:
		step.Namespace = l.w.Namespace
		step.Message += ", namespace " + l.w.Namespace + " too"
	}
	return step
}

// inUse refuses while namespaces, gateways or pods are in the mesh.
func (l *life) inUse() *Step {
	if agreed(l.w.Annotations, "members") {
		return nil
	}
	var users []string
	for _, m := range l.s.Members {
		users = append(users, "namespace "+m.Name)
	}
	for _, g := range l.s.Gateways {
		users = append(users, "IngressGateway "+g.Namespace+"/"+g.Name)
	}
	for _, r := range l.revisions() {
		for i := range l.s.Strays {
			if p := &l.s.Strays[i]; p.Proxy != nil && p.Proxy.of(r.revision) {
				users = append(users, "pod "+p.Name)
			}
		}
	}
	if len(users) == 0 {
		return nil
	}
	return &Step{
		Kind: StepRefuse, Reason: v1alpha1.ReasonMembersExist,
		Message: fmt.Sprintf("still in the mesh: %s. Take them out and restart their pods, or set the annotation %s: members to remove the mesh under them",
			list(users, 4), v1alpha1.AnnotationUninstall),
	}
}

// removed are the charts of all that was installed, in the order of their
// installation: the plan knows it of those that it still names, and what is
// shared whoever wrote it last.
func (l *life) removed() []Chart {
	charts := l.chartsOf("")
	if l.inPlace.revision == "" {
		return charts
	}
	l.target = l.inPlace
	order := map[string]int{}
	for i, c := range l.plan().Charts {
		order[c.key()] = i + 1
		if c.Shared && !slices.ContainsFunc(charts, func(o Chart) bool { return o.key() == c.key() }) {
			charts = slices.Insert(charts, 0, c)
		}
	}
	slices.SortStableFunc(charts, func(a, b Chart) int {
		if a.Shared != b.Shared {
			return 0
		}
		return order[a.key()] - order[b.key()]
	})
	return charts
}
