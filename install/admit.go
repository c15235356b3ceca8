package install

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// admit refuses what must not be begun. What is begun, and the way back, are
// never refused: neither a newcomer nor the age of a version breaks what runs.
func (l *life) admit() *Step {
	l.state.Immovable = l.immovable()
	if !l.begins() {
		return nil
	}
	var errs []Finding
	for _, f := range append(l.fitness(), values(l)...) {
		if f.Level == LevelError {
			errs = append(errs, f)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	messages := make([]string, len(errs))
	for i, f := range errs {
		messages[i] = f.Message
	}
	return &Step{Kind: StepRefuse, Reason: errs[0].Reason, Message: strings.Join(messages, "; "), After: lookAgain}
}

// begins reports whether something new is to be installed: neither what is in
// place, nor what still runs beside it and is gone back to.
func (l *life) begins() bool {
	return l.target != l.inPlace && (l.target.revision == l.inPlace.revision || !l.deployed(l.target.revision))
}

// foreign refuses a first installation beside one of somebody else.
func foreign(l *life) []Finding {
	if len(l.ownReleases()) > 0 {
		return nil
	}
	var out []Finding
	for _, other := range l.strangers() {
		if mayTakeOver(l.w) && other.Namespace == l.w.Namespace {
			continue // Without Helm releases nothing of it is changed: ours comes beside it.
		}
		out = append(out, Finding{LevelError, v1alpha1.ReasonAdoptionRequired, fmt.Sprintf(
			"namespace %s already has %s %s of somebody else (%s): take it over with `meshctl adopt`, or remove it",
			other.Namespace, l.w.Spec.Provider, other.Version, other.Evidence)})
	}
	return out
}

// neighbours refuses a first installation that would get in the way of another
// mesh of ours.
func neighbours(l *life) []Finding {
	if len(l.ownReleases()) > 0 {
		return nil
	}
	var out []Finding
	no := func(format string, args ...any) {
		out = append(out, Finding{LevelError, v1alpha1.ReasonConflicted, fmt.Sprintf(format, args...)})
	}
	for _, n := range l.w.Neighbours {
		switch {
		case n.Adopted:
			no("Mesh %s is Adopted, so that nobody keeps its control plane out of the members of this one: make it Managed with `meshctl adopt`, or take its namespaces as members there", n.Name)
		case !l.p.Revisions || l.w.Spec.DataPlane == v1alpha1.DataPlaneAmbient:
			no("a cluster can have one mesh of this kind, and Mesh %s is there: take the namespaces as members there", n.Name)
		case n.Namespace == l.w.Namespace:
			no("the control plane of Mesh %s runs in namespace %s too: give this one another spec.controlPlaneNamespace", n.Name, n.Namespace)
		}
	}
	return out
}

// strangers are the installations that no mesh of ours made.
func (l *life) strangers() []Installation {
	if l.p.Found == nil {
		return nil
	}
	var out []Installation
	for _, found := range l.p.Found(l.s.Cluster) {
		if !l.known(found) {
			out = append(out, found)
		}
	}
	return out
}

// known reports whether an installation is this mesh's or a neighbour's.
func (l *life) known(found Installation) bool {
	for _, n := range l.w.Neighbours {
		if n.Namespace == found.Namespace {
			return true
		}
	}
	return slices.ContainsFunc(l.s.Cluster.Releases, func(rel Release) bool {
		if rel.Owner == "" || rel.Namespace != found.Namespace {
			return false
		}
		return madeBy(found, rel) || rel.Labels[v1alpha1.LabelRevision] == found.Revision
	})
}

// madeBy reports whether an installation names the release as its own.
func madeBy(found Installation, rel Release) bool {
	return slices.ContainsFunc(found.Releases, func(name string) bool {
		return path.Base(name) == rel.Name && (!strings.Contains(name, "/") || path.Dir(name) == rel.Namespace)
	})
}

// mayTakeOver reports whether somebody agreed to have taken over what is in the
// namespace of the control plane.
func mayTakeOver(w Wanted) bool {
	return w.Annotations[v1alpha1.AnnotationAdopt] == w.Namespace
}

// takenOver returns what was seen as if the installation that somebody agreed
// to have taken over were the mesh's own already. Without such consent nothing
// changes.
func takenOver(p *Planner, w Wanted, s Seen) Seen {
	if !mayTakeOver(w) || p.Found == nil {
		return s
	}
	s.Cluster.Releases = slices.Clone(s.Cluster.Releases)
	for _, found := range p.Found(s.Cluster) {
		if found.Namespace != w.Namespace {
			continue
		}
		shared := sharedIn(p, w, found, s.Cluster)
		for i := range s.Cluster.Releases {
			rel := &s.Cluster.Releases[i]
			if rel.Owner != "" || !madeBy(found, *rel) {
				continue
			}
			rel.Owner, rel.Ours, rel.Digest = ownerOf(w.Name), true, ""
			if !shared[rel.key()] {
				rel.Labels = map[string]string{v1alpha1.LabelRevision: found.Revision}
				rel.AppVersion = cmp.Or(found.Version, rel.AppVersion)
			}
		}
	}
	return s
}

// sharedIn names the releases that control planes share, as the installation
// that was found would be planned.
func sharedIn(p *Planner, w Wanted, found Installation, cluster Cluster) map[string]bool {
	shared := map[string]bool{}
	request := MeshRequest{
		Mesh: w.Name, Spec: w.Spec, Namespace: w.Namespace, Default: true, Cluster: cluster,
		Version: found.Version, Revision: found.Revision,
	}
	for _, c := range p.Mesh(request).Charts {
		shared[c.key()] = c.Shared
	}
	return shared
}
