package install

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// GatewayWanted is what the user asks of the workload of an IngressGateway.
type GatewayWanted struct {
	Namespace, Name string
	// Gateway is nil where it is gone, or going.
	Gateway *v1alpha1.IngressGateway
	// Controller is the one that it names; nil where there is none.
	Controller *v1alpha1.IngressController
	// Home is the namespace of the controller.
	Home string
	// Mesh is the one that it names; nil where it names none, or there is none.
	Mesh *v1alpha1.Mesh
	// Hosts are the meshes that the controller's make is a part of: a gateway
	// can be run by the control plane of one.
	Hosts []Host
}

// Host is a mesh whose control plane can run gateways.
type Host struct {
	Mesh *v1alpha1.Mesh
	// Namespace is that of its control plane.
	Namespace string
}

// GatewayFound is what was seen around an IngressGateway.
type GatewayFound struct {
	Observed
	// Terminating says that its namespace is being deleted.
	Terminating bool
	// Rivals are the objects under the gateway's name that no release made, as
	// "Service edge/public".
	Rivals []string
}

// NextGateway returns the one thing to do next for the workload of an
// IngressGateway, and what to record of it; nil where nothing is to be
// recorded. As with Next, record it before the step is done.
//
// What an Adopted controller runs is left alone, as is what runs where the
// controller is gone. The workload of a gateway that is gone goes.
func NextGateway(p *Planner, w GatewayWanted, s GatewayFound) (Step, *v1alpha1.InstallState) {
	g := gateway{workload: newWorkload(gatewayOwner(w), s.Observed, w.object()), p: p, w: w, s: s}
	if w.Gateway != nil && s.Terminating {
		return Step{Kind: StepDone}, s.State
	}
	step, about := g.next()
	if !about {
		return step, nil
	}
	return step, g.describe(step)
}

// GatewayOwner is whom the releases of an IngressGateway belong to.
func GatewayOwner(namespace, name string) string {
	return v1alpha1.KindIngressGateway + "/" + namespace + "/" + name
}

func gatewayOwner(w GatewayWanted) string { return GatewayOwner(w.Namespace, w.Name) }

// object is what somebody edits to change what is asked.
func (w GatewayWanted) object() asked {
	if w.Gateway == nil {
		return asked{}
	}
	return asked{w.Gateway.Generation, w.Gateway.Annotations}
}

// gateway is one decision about the workload of an IngressGateway.
type gateway struct {
	workload

	p *Planner
	w GatewayWanted
	s GatewayFound
}

// next returns the step, and whether there is anything to say of it.
func (g *gateway) next() (Step, bool) {
	done := Step{Kind: StepDone}
	switch {
	case g.w.Gateway == nil:
		return NextRemoval(g.request(g.owned())), false
	case g.p == nil || g.p.Gateway == nil:
		return done, false
	case g.w.Controller == nil || g.w.Controller.Spec.Mode != v1alpha1.ModeManaged:
		return done, false
	case g.w.Controller.DeletionTimestamp != nil && agreed(g.w.Controller.Annotations, "members"):
		return g.remove(), true
	}
	place, step := g.place()
	if step != nil {
		return *step, true
	}
	g.state.Version, g.state.Revision = place.version, place.revision
	return g.install(g.plan(place)), true
}

// plan says what has to be there.
func (g *gateway) plan(at place) Plan {
	return g.p.Gateway(GatewayRequest{
		Gateway: *g.w.Gateway, Controller: *g.w.Controller, Version: at.version, Mesh: g.w.Mesh, Revision: at.revision,
	})
}

// install does what the plan asks, but never in the place of somebody else.
func (g *gateway) install(plan Plan) Step {
	for _, issue := range plan.Issues {
		if issue.Effect == ir.EffectRejected {
			return Step{Kind: StepRefuse, Reason: v1alpha1.ConditionReason(issue.Reason), Message: issue.Message}
		}
	}
	request := g.request(plan.Charts)
	request.TakeOver = g.w.Gateway.Annotations[v1alpha1.AnnotationAdopt] == g.w.Namespace
	if len(g.s.Rivals) > 0 && !slices.ContainsFunc(plan.Charts, func(c Chart) bool { return request.release(&c) != nil }) {
		return Step{
			Kind: StepRefuse, Reason: v1alpha1.ReasonConflicted,
			Message: fmt.Sprintf("%s is there already, and is not Meshloom's: remove it, or give the IngressGateway another name; to leave it in place, let an IngressController of mode Adopted run the gateway",
				strings.Join(g.s.Rivals, ", ")),
		}
	}
	return g.charts(request)
}

// place says which version of the gateway runs by which control plane: in a
// Managed mesh what its gateways' wave says, else what runs.
func (g *gateway) place() (place, *Step) {
	host := g.host()
	if host != nil && host.Mesh.Spec.Mode == v1alpha1.ModeManaged {
		state := host.Mesh.Status.Install
		if state == nil || state.Gateways == nil {
			return place{}, &Step{
				Kind: StepWait, Reason: v1alpha1.ReasonPending,
				Message: fmt.Sprintf("waiting for Mesh %s, whose control plane runs the gateway and is not installed yet", host.Mesh.Name),
			}
		}
		return place{state.Gateways.Version, state.Gateways.Revision}, nil
	}
	runs := g.runs(host)
	version, err := g.version(runs)
	if err != nil {
		return place{}, refusalOf(err)
	}
	return place{version, cmp.Or(runs.Revision, g.paired())}, nil
}

// host is the mesh whose control plane runs the gateway: the one that it is
// paired with, else the one in the controller's namespace, else the only one.
func (g *gateway) host() *Host {
	for _, is := range []func(Host) bool{
		func(h Host) bool { return g.w.Mesh != nil && h.Mesh.Name == g.w.Mesh.Name },
		func(h Host) bool { return h.Namespace == g.w.Home },
		func(Host) bool { return len(g.w.Hosts) == 1 },
	} {
		if i := slices.IndexFunc(g.w.Hosts, is); i >= 0 {
			return &g.w.Hosts[i]
		}
	}
	return nil
}

// runs is the installation that runs the gateway, by what is seen in its
// namespace.
func (g *gateway) runs(host *Host) Installation {
	namespace := g.w.Home
	if host != nil {
		namespace = host.Namespace
	}
	if g.p.Found != nil {
		for _, found := range g.p.Found(g.s.Cluster) {
			if found.Namespace == namespace {
				return found
			}
		}
	}
	return Installation{}
}

// version is the controller's, else that of what runs, else the catalog's. Of
// what runs in a version that the catalog does not list, the minor one counts.
func (g *gateway) version(runs Installation) (string, error) {
	wanted := g.w.Controller.Spec.Version
	if minor, err := parseMinor(runs.Version); wanted == "" && err == nil {
		if v, err := g.p.Catalog.Resolve(runs.Version); err == nil {
			return v.Version, nil
		}
		wanted = fmt.Sprintf("%d.%d", minor.Major(), minor.Minor())
	}
	v, err := g.p.Catalog.Resolve(wanted)
	return v.Version, err
}

// paired is the revision of a mesh of another make that the gateway takes part
// in; empty where there is none.
func (g *gateway) paired() string {
	if g.w.Mesh == nil || g.w.Mesh.Status.Install == nil || g.w.Mesh.Status.Install.Gateways == nil {
		return ""
	}
	return g.w.Mesh.Status.Install.Gateways.Revision
}

// remove takes the workload away under its IngressGateway.
func (g *gateway) remove() Step {
	return g.removal("the IngressController " + g.w.Controller.Name + " is being removed, and the gateway with it")
}
