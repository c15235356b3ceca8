package install

import (
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// gateways has the gateways follow once the members have moved, and waits for
// them.
func (l *life) gateways() *Step {
	if l.manual() && l.progress.movable > 0 {
		return nil
	}
	l.state.Gateways = &v1alpha1.GatewayWave{Version: l.inPlace.version, Revision: l.inPlace.revision}
	if behind := l.gatewaysBehind(); behind != "" {
		return l.wait(2*poll, "waiting for IngressGateway %s to run %s", behind, l.inPlace.revision)
	}
	return nil
}

// gatewaysBehind names a gateway that does not run what it is to run.
func (l *life) gatewaysBehind() string {
	goal := l.rollout().Goal
	for _, g := range l.s.Gateways {
		for i := range g.Pods {
			if p := &g.Pods[i]; !p.Leaving && p.Proxy != nil && !goal.Reached(p) {
				return g.Namespace + "/" + g.Name
			}
		}
		if !g.RolledOut && len(g.Pods) > 0 && len(l.formerRevisions()) > 0 {
			return g.Namespace + "/" + g.Name
		}
	}
	return ""
}

// formerRevisions are the control planes beside the one in place.
func (l *life) formerRevisions() []place {
	return slices.DeleteFunc(l.revisions(), func(r place) bool { return r.revision == l.inPlace.revision })
}

// retire removes control planes that nobody belongs to any more, and says why
// the others stay.
func (l *life) retire() *Step {
	if l.held != nil && l.state.Abandoned == nil {
		return nil
	}
	for _, former := range l.formerRevisions() {
		if l.userOf(former.revision) != "" {
			continue
		}
		request := l.request(l.chartsOf(former.revision))
		if step := NextRemoval(request); step.Kind != StepDone {
			return &step
		}
	}
	return nil
}

// userOf names somebody that may belong to a revision; "" where surely nobody
// does. A proxy of which nobody knows the revision may be of any.
func (l *life) userOf(revision string) string {
	for _, m := range l.s.Members {
		if m.Revision == revision || !m.Marked && m.Revision != "" {
			return "namespace " + m.Name
		}
		for i := range m.Workloads {
			if userAmong(m.Workloads[i].Pods, revision) != "" {
				return m.Workloads[i].Key()
			}
		}
	}
	for _, g := range l.s.Gateways {
		if userAmong(g.Pods, revision) != "" {
			return "IngressGateway " + g.Namespace + "/" + g.Name
		}
	}
	if pod := userAmong(l.s.Strays, revision); pod != "" {
		return "pod " + pod
	}
	if wave := l.state.Gateways; wave != nil && wave.Revision == revision {
		return "the wave of gateways"
	}
	return ""
}

func userAmong(pods []PodSeen, revision string) string {
	for i := range pods {
		if proxy := pods[i].Proxy; proxy != nil && (proxy.Revision == revision || proxy.Revision == "") {
			return pods[i].Name
		}
	}
	return ""
}

// chartsOf returns what the releases of a revision were made of, as far as
// removing them needs it; of all revisions and of what they share for "".
func (l *life) chartsOf(revision string) []Chart {
	var own, shared []Chart
	for _, rel := range l.ownReleases() {
		of := rel.Labels[v1alpha1.LabelRevision]
		if revision != "" && of != revision {
			continue
		}
		c := Chart{Release: rel.Name, Namespace: rel.Namespace, Name: rel.Chart, Version: rel.ChartVersion, Revision: of, Shared: of == ""}
		if c.Shared {
			shared = append(shared, c)
		} else {
			own = append(own, c)
		}
	}
	return append(shared, own...)
}

// running says what runs, and who holds up what is to go, for people.
func (l *life) running(step Step) string {
	message := fmt.Sprintf("version %s runs as %s", l.inPlace.version, l.inPlace.revision)
	for _, former := range l.formerRevisions() {
		if former == l.target {
			continue
		}
		message += fmt.Sprintf("; %s (version %s) stays until nobody belongs to it", former.revision, former.version)
		if user := l.userOf(former.revision); user != "" {
			message += ", as does " + user
		}
	}
	for _, other := range l.strangers() {
		if mayTakeOver(l.w) && other.Namespace == l.w.Namespace {
			message += fmt.Sprintf("; %s (%s) was not installed by Helm and is left for you to remove, once nobody belongs to it", other.Revision, other.Evidence)
		}
	}
	if stage := l.s.Trust.Stage; stage != nil && stage.Stage == v1alpha1.TrustIntroducing {
		if who := Untaught(l.p, l.w, l.s); who != "" {
			message += "; the next root of trust waits until " + who + " trusts it, which a restart brings"
		}
	}
	if waitsForOthers(step) {
		message += "; " + step.Message
	}
	return message
}
