package install

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// maxRevision keeps the names of releases and labels that are made of a
// revision within what Helm and Kubernetes take.
const maxRevision = 40

// aim says which version is to run under which name, or refuses.
func (l *life) aim() *Step {
	version, err := l.p.Catalog.Resolve(l.w.Spec.Version)
	if err != nil {
		return refusalOf(err)
	}
	l.target = place{version: version.Version}
	l.target.revision = l.revisionFor(version.Version)
	l.state.Version = version.Version
	if gone := l.state.Abandoned; gone != nil && !l.retry && (place{gone.Version, gone.Revision}) == l.target {
		l.held = &Step{Kind: StepRefuse, Reason: v1alpha1.ReasonRolledBack, Message: gone.Message}
		l.target = l.fallback()
		return nil
	}
	l.state.Abandoned = nil
	for _, from := range l.versionsBehind() {
		if err := l.p.Catalog.Step(from, l.target.version); err != nil {
			return refusalOf(err)
		}
	}
	return nil
}

// fallback is where the members of an abandoned target belong: what is in place
// or, if that is the abandoned one, what it was before, or what still runs
// beside it.
func (l *life) fallback() place {
	if l.inPlace != l.target {
		return l.inPlace
	}
	if wave := l.state.Wave; wave != nil && l.listed(wave.From) {
		return place{wave.From, wave.Revision}
	}
	for _, r := range l.revisions() {
		if r != l.target && l.listed(r.version) && l.deployed(r.revision) {
			return r
		}
	}
	return l.inPlace
}

// refusalOf makes a step of an error of the catalog.
func refusalOf(err error) *Step {
	step := Step{Kind: StepRefuse, Reason: v1alpha1.ReasonInvalid, Message: err.Error()}
	if r, ok := err.(*Refusal); ok { //nolint:errorlint // The catalog promises this type, unwrapped.
		step.Reason = r.Reason
	}
	return &step
}

// versionsBehind are those that must be able to become the target: what runs,
// and where that is replaced, what its proxies still are.
func (l *life) versionsBehind() []string {
	all := []string{l.inPlace.version}
	if l.target.revision != l.inPlace.revision {
		return all
	}
	for _, pod := range l.pods() {
		if pod.Proxy == nil || !pod.Proxy.of(l.target.revision) || slices.Contains(all, pod.Proxy.Version) {
			continue
		}
		if _, err := parseMinor(pod.Proxy.Version); err == nil {
			all = append(all, pod.Proxy.Version)
		}
	}
	return all
}

// strategy returns how a new version takes over. Proxies of nodes serve all
// members at once, so that there is nothing to move in waves.
func (l *life) strategy() v1alpha1.UpgradeStrategy {
	if !l.p.Revisions || l.w.Spec.DataPlane == v1alpha1.DataPlaneAmbient {
		return v1alpha1.UpgradeInPlace
	}
	if u := l.w.Spec.Upgrade; u != nil && u.Strategy != "" {
		return u.Strategy
	}
	return v1alpha1.UpgradeCanary
}

// revisionFor names the control plane that a version runs under.
func (l *life) revisionFor(version string) string {
	present := l.revisions()
	if l.strategy() == v1alpha1.UpgradeInPlace {
		switch {
		case l.inPlace.revision != "":
			return l.inPlace.revision
		case !l.p.Revisions:
			return l.w.Namespace
		}
		return shortened(l.w.Name)
	}
	// What runs the version already stays, whatever its name.
	for _, r := range present {
		if r.version == version {
			return r.revision
		}
	}
	base := l.w.Name + "-" + strings.ToLower(strings.NewReplacer(".", "-", "+", "-").Replace(version))
	name := shortened(base)
	for n := 2; slices.ContainsFunc(present, func(r place) bool { return r.revision == name && l.listed(r.version) }); n++ {
		name = shortened(fmt.Sprintf("%s-%d", base, n))
	}
	return name
}

// listed reports whether the catalog has a version.
func (l *life) listed(version string) bool {
	return slices.ContainsFunc(l.p.Catalog.Versions, func(v Version) bool { return v.Version == version })
}

// shortened returns a name that is short enough, and still one of its own.
func shortened(name string) string {
	if len(name) <= maxRevision {
		return name
	}
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name))
	return strings.TrimRight(name[:maxRevision-9], "-.") + fmt.Sprintf("-%08x", sum.Sum32())
}

// serving returns the control plane that is in place: the one that was recorded
// or, if nothing was, the youngest that runs.
func (l *life) serving() place {
	if wave := l.state.Wave; wave != nil {
		return place{wave.Version, wave.Revision}
	}
	for _, r := range l.revisions() {
		if l.deployed(r.revision) {
			return r
		}
	}
	return place{}
}

// revisions returns the control planes of the mesh that have releases: first
// the one that is in place, then the youngest.
func (l *life) revisions() []place {
	own := slices.Clone(l.ownReleases())
	slices.SortStableFunc(own, func(a, b Release) int { return b.Updated.Compare(a.Updated) })
	var all []place
	for _, rel := range own {
		name := rel.Labels[v1alpha1.LabelRevision]
		if name == "" || slices.ContainsFunc(all, func(p place) bool { return p.revision == name }) {
			continue
		}
		all = append(all, place{l.versionOf(rel), name})
	}
	if i := slices.IndexFunc(all, func(p place) bool { return p.revision == l.inPlace.revision }); i > 0 {
		first := all[i]
		all = slices.Insert(slices.Delete(all, i, i+1), 0, first)
	}
	return all
}

// versionOf returns which version of the catalog a release is of; what it says
// of itself where the catalog does not know it.
func (l *life) versionOf(rel Release) string {
	if wave := l.state.Wave; wave != nil && wave.Revision == rel.Labels[v1alpha1.LabelRevision] {
		return wave.Version
	}
	for _, v := range l.p.Catalog.Versions {
		if chart := cmp.Or(v.Charts[rel.Chart], v.Version); chart == rel.ChartVersion {
			return v.Version
		}
	}
	return l.p.Catalog.Called(rel.AppVersion)
}

// deployed reports whether all releases of a revision are.
func (l *life) deployed(revision string) bool {
	found := false
	for _, rel := range l.ownReleases() {
		if rel.Labels[v1alpha1.LabelRevision] != revision {
			continue
		}
		if rel.Status != Deployed {
			return false
		}
		found = true
	}
	return found
}

// ownReleases are the Helm releases of the mesh.
func (l *life) ownReleases() []Release {
	var own []Release
	for _, rel := range l.s.Cluster.Releases {
		if SameOwner(rel.Owner, l.owner()) {
			own = append(own, rel)
		}
	}
	return own
}

// pods are all that were seen.
func (l *life) pods() []PodSeen {
	var all []PodSeen
	for _, m := range l.s.Members {
		for i := range m.Workloads {
			all = append(all, m.Workloads[i].Pods...)
		}
	}
	for _, g := range l.s.Gateways {
		all = append(all, g.Pods...)
	}
	return append(all, l.s.Strays...)
}
