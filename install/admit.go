package install

import (
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
	if l.target == l.inPlace || l.deployed(l.target.revision) && l.target.revision != l.inPlace.revision {
		return nil
	}
	var errs []Finding
	for _, f := range l.findings() {
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

// foreign refuses a first installation beside one of somebody else.
func foreign(l *life) []Finding {
	if len(l.ownReleases()) > 0 {
		return nil
	}
	var out []Finding
	for _, other := range l.strangers() {
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

// takenOver returns what was seen as if the installation that somebody agreed
// to have taken over were the mesh's own already. Without such consent nothing
// changes.
func takenOver(p *Planner, w Wanted, s Seen) Seen {
	consent := w.Annotations[v1alpha1.AnnotationAdopt]
	if consent == "" || consent != w.Namespace || p.Found == nil {
		return s
	}
	s.Cluster.Releases = slices.Clone(s.Cluster.Releases)
	for _, found := range p.Found(s.Cluster) {
		if found.Namespace != consent {
			continue
		}
		for i := range s.Cluster.Releases {
			if rel := &s.Cluster.Releases[i]; rel.Owner == "" && madeBy(found, *rel) {
				rel.Owner, rel.Ours, rel.Digest = ownerOf(w.Name), true, ""
				rel.Labels = map[string]string{v1alpha1.LabelRevision: found.Revision}
			}
		}
	}
	return s
}

// foreignMade reports whether the releases of a revision are those of an
// installation that is being taken over: they are not changed, only left.
func (l *life) foreignMade(revision string) bool {
	return slices.ContainsFunc(l.ownReleases(), func(rel Release) bool {
		return rel.Labels[v1alpha1.LabelRevision] == revision && rel.Digest == "" && rel.Ours
	})
}
