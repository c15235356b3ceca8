package install

import (
	"cmp"
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// ControllerWanted is what the user asks of an ingress controller.
type ControllerWanted struct {
	Controller *v1alpha1.IngressController
	// Namespace is where it runs.
	Namespace string
	// Gateways are the IngressGateways that name it, as "edge/public".
	Gateways []string
}

// ControllerFound is what was seen of an ingress controller.
type ControllerFound struct {
	Observed
	// Home is the namespace where it runs.
	Home NamespaceSeen
	// Running are the gateways of it whose workloads are still there, though
	// their IngressGateways may be gone, as "edge/public".
	Running []string
}

// NextController returns the one thing to do next for an IngressController, and
// what to record of it; nil where nothing is to be recorded. As with Next,
// record it before the step is done.
//
// Of one that is Adopted nothing is done. One that goes takes along what was
// installed for it, but never under an IngressGateway, unless the user says so.
func NextController(p *Planner, w ControllerWanted, s ControllerFound) (Step, *v1alpha1.InstallState) {
	object := w.Controller
	if object.Spec.Mode != v1alpha1.ModeManaged {
		return Step{Kind: StepDone}, s.State
	}
	c := controller{
		workload: newWorkload(v1alpha1.KindIngressController+"/"+object.Name, s.Observed, asked{object.Generation, object.Annotations}),
		p:        p, w: w, s: s,
	}
	step := c.next()
	return step, c.describe(step)
}

// controller is one decision about an ingress controller.
type controller struct {
	workload

	p *Planner
	w ControllerWanted
	s ControllerFound
}

func (c *controller) next() Step {
	if c.w.Controller.DeletionTimestamp != nil {
		return c.leave()
	}
	version, err := c.p.Catalog.Resolve(c.w.Controller.Spec.Version)
	if err != nil {
		return *refusalOf(err)
	}
	if err := c.p.Catalog.Step(c.from(), version.Version); err != nil {
		return *refusalOf(err)
	}
	plan := c.plan(version.Version)
	if c.state.Version = version.Version; len(plan.Charts) == 0 {
		// Its version is that of the mesh that it is a part of.
		c.state.Version = ""
	}
	for _, issue := range plan.Issues {
		if issue.Effect == ir.EffectRejected {
			return Step{Kind: StepRefuse, Reason: v1alpha1.ConditionReason(issue.Reason), Message: issue.Message}
		}
	}
	if len(plan.Charts) > 0 && !c.s.Home.Exists {
		return Step{
			Kind: StepEnsureNamespace, Namespace: c.w.Namespace,
			Reason: v1alpha1.ReasonReconciling, Message: "making namespace " + c.w.Namespace,
		}
	}
	request := c.request(plan.Charts)
	request.TakeOver = c.w.Controller.Annotations[v1alpha1.AnnotationAdopt] == c.w.Namespace
	return c.charts(request)
}

// plan says what has to be there; nothing where the provider has no workload of
// its own.
func (c *controller) plan(version string) Plan {
	if c.p.Controller == nil {
		return Plan{}
	}
	return c.p.Controller(ControllerRequest{
		Controller: c.w.Controller.Name, Spec: c.w.Controller.Spec, Namespace: c.w.Namespace,
		Version: version, Cluster: c.s.Cluster,
	})
}

// from is the version that runs; empty where none does.
func (c *controller) from() string {
	for _, chart := range c.owned() {
		for _, v := range c.p.Catalog.Versions {
			if cmp.Or(v.Charts[chart.Name], v.Version) == chart.Version {
				return v.Version
			}
		}
	}
	return ""
}

// leave removes the controller after its gateways; then it lets go of the
// object.
func (c *controller) leave() Step {
	if n := len(c.w.Gateways); n > 0 && !agreed(c.w.Controller.Annotations, "members") {
		return Step{
			Kind: StepRefuse, Reason: v1alpha1.ReasonMembersExist,
			Message: fmt.Sprintf("%d IngressGateways name this controller (%s): delete them or move them to another one first, or set the annotation %s: members to remove them with it",
				n, list(c.w.Gateways, 4), v1alpha1.AnnotationUninstall),
		}
	}
	if len(c.s.Running) > 0 {
		return Step{
			Kind: StepWait, Reason: v1alpha1.ReasonDeleting,
			Message: "waiting for the removal of gateways: " + list(c.s.Running, 4),
		}
	}
	if step := c.removal("everything is removed"); step.Kind != StepDone {
		return step
	}
	return Step{Kind: StepRelease, Reason: v1alpha1.ReasonDeleting, Message: "everything is removed"}
}
