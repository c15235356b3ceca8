package install

import (
	"cmp"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// controlPlane brings the charts of the target into place. What fails there
// leaves the members where they are, with what serves them.
func (l *life) controlPlane() *Step {
	plan := l.plan()
	for _, issue := range plan.Issues {
		if issue.Effect == ir.EffectRejected {
			return l.hold(Step{Kind: StepRefuse, Reason: v1alpha1.ConditionReason(issue.Reason), Message: issue.Message})
		}
	}
	request := l.request(plan.Charts)
	step := NextChart(request)
	l.state.Releases = Noted(request, step)
	switch step.Kind {
	case StepDone:
		l.arrive()
		return nil
	case StepWait:
		return &step
	case StepRefuse:
		return l.hold(step)
	default:
		l.answer()
		return &step
	}
}

// hold has the members live on with what is in place; where nothing is, the
// refusal is all there is.
func (l *life) hold(step Step) *Step {
	l.answer()
	if l.inPlace.revision == "" {
		return &step
	}
	l.held, l.target = &step, l.inPlace
	return nil
}

// arrive records that the target is in place: from now on the proxies move.
func (l *life) arrive() {
	l.answer()
	if wave := l.state.Wave; wave == nil || (place{wave.Version, wave.Revision}) != l.target {
		next := &v1alpha1.MemberWave{Version: l.target.version, Revision: l.target.revision, Since: l.now()}
		if wave != nil && wave.Revision == next.Revision {
			next.From = wave.Version
		}
		l.state.Wave = next
	}
	l.inPlace, l.state.Revision = l.target, l.target.revision
	if l.state.Gateways == nil {
		// Where no gateway is yet, the first ones need not wait.
		l.state.Gateways = &v1alpha1.GatewayWave{Version: l.target.version, Revision: l.target.revision}
	}
}

// plan returns what has to be there for the target. The charts that meshes
// share stay those of the control plane that serves until the target is in
// place, and of the newest version that anybody runs.
func (l *life) plan() Plan {
	serves := cmp.Or(l.inPlace.revision, l.target.revision)
	plan := l.planFor(l.target.version, l.target.revision, serves == l.target.revision)
	shared := l.planFor(l.newest(), serves, true)
	plan.Charts = slices.Clone(plan.Charts)
	for i := range plan.Charts {
		c := &plan.Charts[i]
		if !c.Shared {
			c.Revision = l.target.revision
			continue
		}
		if j := slices.IndexFunc(shared.Charts, func(o Chart) bool { return o.Shared && o.Release == c.Release && o.Namespace == c.Namespace }); j >= 0 {
			*c = shared.Charts[j]
		}
		c.Revision = ""
	}
	return plan
}

func (l *life) planFor(version, revision string, first bool) Plan {
	request := MeshRequest{
		Mesh: l.w.Name, Spec: l.w.Spec, Namespace: l.w.Namespace,
		Version: version, Revision: revision, Default: first,
		Cluster: l.s.Cluster,
	}
	if issued := l.s.Trust.Issued; issued != nil {
		request.Roots = string(issued.Roots)
	}
	for _, n := range l.w.Neighbours {
		request.Neighbours = append(request.Neighbours, n.Name)
		request.Default = request.Default && !n.Default
	}
	return l.p.Mesh(request)
}

// newest is the newest version that the mesh runs or is to run. What meshes
// share is never taken back: the newer one serves the older control plane too.
func (l *life) newest() string {
	newest := l.target.version
	for _, rel := range l.ownReleases() {
		if v := l.versionOf(rel); rel.Status == Deployed && l.listed(v) && Newer(v, newest) {
			newest = v
		}
	}
	return newest
}

// request asks about charts.
func (l *life) request(charts []Chart) ChartsRequest {
	r := ChartsRequest{
		Owner: l.owner(), Charts: charts, Releases: l.s.Cluster.Releases, State: l.state.Releases,
		Gate: l.s.Cluster.Holds, Retry: l.retry, Limits: l.w.Limits, Now: l.s.Now,
		TakeOver: mayTakeOver(l.w),
	}
	for _, n := range l.w.Neighbours {
		r.Others = append(r.Others, ownerOf(n.Name))
	}
	return r
}
