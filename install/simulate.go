package install

import (
	"fmt"
	"slices"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// Simulate returns what would be seen after the state was recorded and the step
// was done, if everything went well: charts install, gates hold, marks follow
// records, workloads roll out, and gateways run what they are to run. Nothing
// of what was passed is changed or shared.
func Simulate(w Wanted, s Seen, step Step, state v1alpha1.InstallState) Seen {
	next := s.clone()
	next.State = *state.DeepCopy()
	next.Now = s.Now.Add(max(step.After, time.Second))
	switch step.Kind {
	case StepEnsureNamespace:
		next.Home.Exists, next.Home.Ours = true, true
	case StepKeepTrust, StepWriteTrust:
		next.trusted(step)
	case StepInstall, StepUpgrade:
		next.write(w, step.Chart)
	case StepRollBack:
		next.rollBack(step.Chart, step.To)
	case StepUninstall:
		next.remove(step.Chart)
	case StepUnlock:
		next.unlock(step.Chart)
	case StepRecord:
		next.record(step.Namespace, step.Revision)
	case StepRestart:
		next.restart(step.Workload)
	case StepSweep:
		next.Leftovers = nil
	case StepDone, StepWait, StepRefuse, StepRelease:
		if step.Reason == v1alpha1.ReasonDeleting {
			next.Held = nil
		}
		next.followGateways()
	}
	return next
}

// clone returns a copy that shares nothing that Simulate changes.
func (s Seen) clone() Seen {
	s.Cluster.Releases = slices.Clone(s.Cluster.Releases)
	for i := range s.Cluster.Releases {
		s.Cluster.Releases[i].History = slices.Clone(s.Cluster.Releases[i].History)
	}
	s.Cluster.Workloads = slices.Clone(s.Cluster.Workloads)
	s.Cluster.Webhooks = slices.Clone(s.Cluster.Webhooks)
	s.Cluster.Definitions = slices.Clone(s.Cluster.Definitions)
	s.Members = slices.Clone(s.Members)
	for i := range s.Members {
		s.Members[i].Workloads = slices.Clone(s.Members[i].Workloads)
		for j := range s.Members[i].Workloads {
			s.Members[i].Workloads[j].Pods = slices.Clone(s.Members[i].Workloads[j].Pods)
		}
	}
	s.Gateways = slices.Clone(s.Gateways)
	for i := range s.Gateways {
		s.Gateways[i].Pods = slices.Clone(s.Gateways[i].Pods)
	}
	return s
}

func (s *Seen) trusted(step Step) {
	s.Trust.Due = Step{Kind: StepDone}
	if step.Kind == StepWriteTrust {
		s.Trust.Issued = &Authority{}
		if step.Authority != nil {
			s.Trust.Issued = step.Authority
		}
		return
	}
	if s.Trust.Issued == nil {
		s.Trust.Due = Step{Kind: StepWriteTrust, Reason: v1alpha1.ReasonReconciling, Message: "the control plane is given its authority"}
	}
}

// write has a chart installed, ready at once.
func (s *Seen) write(w Wanted, c *Chart) {
	rel := Release{
		Namespace: c.Namespace, Name: c.Release, Chart: c.Name, ChartVersion: c.Version, AppVersion: c.Version, Revision: 1,
		Status: Deployed, Ours: true, Owner: ownerOf(w.Name), Digest: Digest(*c), Updated: s.Now,
		Labels: map[string]string{},
	}
	if c.Revision != "" {
		rel.Labels[v1alpha1.LabelRevision] = c.Revision
	}
	if old := s.take(c); old != nil {
		past := PastRevision{Revision: old.Revision, Deployed: old.Status == Deployed, Digest: old.Digest}
		rel.Revision, rel.History = old.Revision+1, append([]PastRevision{past}, old.History...)
	}
	s.Cluster.Releases = append(s.Cluster.Releases, rel)
	s.open(c.Gates)
}

// take takes the release of a chart out.
func (s *Seen) take(c *Chart) *Release {
	for i, rel := range s.Cluster.Releases {
		if rel.key() == c.key() {
			s.Cluster.Releases = slices.Delete(s.Cluster.Releases, i, i+1)
			return &rel
		}
	}
	return nil
}

// open has gates hold.
func (s *Seen) open(gates []Gate) {
	s.shut(gates)
	for _, g := range gates {
		switch g.Kind {
		case WorkloadReady:
			s.Cluster.Workloads = append(s.Cluster.Workloads, Workload{Kind: g.Resource, Namespace: g.Namespace, Name: g.Name, Replicas: 1, Ready: 1, RolledOut: true})
		case DefinitionServed:
			s.Cluster.Definitions = append(s.Cluster.Definitions, g.Name)
		case WebhookTrusted:
			s.Cluster.Webhooks = append(s.Cluster.Webhooks, Webhook{Kind: g.Resource, Name: g.Name, Trusted: true})
		}
	}
}

// shut takes away what gates look at.
func (s *Seen) shut(gates []Gate) {
	for _, g := range gates {
		switch g.Kind {
		case WorkloadReady:
			s.Cluster.Workloads = slices.DeleteFunc(s.Cluster.Workloads, func(w Workload) bool {
				return w.Kind == g.Resource && w.Namespace == g.Namespace && w.Name == g.Name
			})
		case DefinitionServed:
			s.Cluster.Definitions = slices.DeleteFunc(s.Cluster.Definitions, func(name string) bool { return name == g.Name })
		case WebhookTrusted:
			s.Cluster.Webhooks = slices.DeleteFunc(s.Cluster.Webhooks, func(w Webhook) bool { return w.Kind == g.Resource && w.Name == g.Name })
		}
	}
}

func (s *Seen) rollBack(c *Chart, to int) {
	old := s.take(c)
	if old == nil {
		return
	}
	rel := *old
	rel.Revision, rel.Status, rel.Updated = old.Revision+1, Deployed, s.Now
	rel.Ours, rel.Description = true, Described+"rolled back"
	for _, past := range old.History {
		if past.Revision == to {
			rel.Digest = past.Digest
		}
	}
	rel.History = append([]PastRevision{{Revision: old.Revision, Deployed: old.Status == Deployed, Digest: old.Digest}}, old.History...)
	s.Cluster.Releases = append(s.Cluster.Releases, rel)
	s.open(c.Gates)
}

func (s *Seen) remove(c *Chart) {
	s.take(c)
	s.shut(c.Gates)
}

func (s *Seen) unlock(c *Chart) {
	if rel := s.take(c); rel != nil {
		rel.Status, rel.Updated, rel.Description = Failed, s.Now, DescribedInterrupted+"its writer died"
		s.Cluster.Releases = append(s.Cluster.Releases, *rel)
	}
}

// record has a namespace belong to a revision, with the marks that follow.
func (s *Seen) record(namespace, revision string) {
	for i := range s.Members {
		if s.Members[i].Name == namespace {
			s.Members[i].Revision, s.Members[i].Marked = revision, true
		}
	}
}

// restart has the pods of a workload made anew by the control plane that its
// namespace belongs to.
func (s *Seen) restart(w *MemberWorkload) {
	for i := range s.Members {
		m := &s.Members[i]
		for j := range m.Workloads {
			if own := &m.Workloads[j]; own.Key() == w.Key() {
				own.Restarted, own.RolledOut = s.Now, true
				own.Pods = s.made(own.Pods, m.Revision)
			}
		}
	}
}

// made returns pods in the place of others, with proxies of a revision.
func (s *Seen) made(old []PodSeen, revision string) []PodSeen {
	version := s.versionOf(revision)
	pods := make([]PodSeen, len(old))
	for i := range pods {
		pods[i] = PodSeen{
			Name: fmt.Sprintf("%.40s-%d", old[i].Name, s.Now.Unix()), Created: s.Now, Ready: true, ReadySince: s.Now,
			Proxy: &Proxy{Revision: revision, Version: version, Roots: s.Trust.Noted},
		}
	}
	return pods
}

// versionOf is the version that runs under a revision.
func (s *Seen) versionOf(revision string) string {
	for _, rel := range s.Cluster.Releases {
		if rel.Labels[v1alpha1.LabelRevision] == revision {
			return rel.AppVersion
		}
	}
	return ""
}

// followGateways has the gateways run what they are to run.
func (s *Seen) followGateways() {
	wave := s.State.Gateways
	if wave == nil {
		return
	}
	for i := range s.Gateways {
		g := &s.Gateways[i]
		for _, p := range g.Pods {
			if p.Proxy != nil && p.Proxy.of(wave.Revision) && p.Proxy.Version == wave.Version {
				continue
			}
			g.Pods, g.RolledOut = s.made(g.Pods, wave.Revision), true
			break
		}
	}
}
