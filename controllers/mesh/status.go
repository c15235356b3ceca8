// Package mesh says what was observed of meshes: it recognises a control plane
// by what runs in its namespace, which decides what can be programmed there,
// and sums up in the status of each Mesh how its namespaces fare.
package mesh

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/apply"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Seen is what is known of a mesh beside its units.
type Seen struct {
	// Offered is false where no provider can program the mesh.
	Offered bool
	// Namespace is that of the control plane.
	Namespace string
	// Observation is nil where the control plane was not found.
	Observation *translators.Observation
	// GatewayAPI is what the cluster has of it; nil where it has none.
	GatewayAPI *v1alpha1.ObservedGatewayAPI
	// Facts are those that the provider reads.
	Facts []translators.Fact
	// Held is the number of native objects whose removal waits for somebody to
	// agree, of all those of the mesh.
	Held, Of int
}

// Status returns a copy of a Mesh with the status that follows from the subject
// and what was seen; nil for other kinds. It is pure.
func Status(s status.Subject, seen Seen) client.Object {
	mesh, ok := s.Object.(*v1alpha1.Mesh)
	if !ok {
		return nil
	}
	next := mesh.DeepCopy()
	next.Status.ObservedGeneration = mesh.Generation
	next.Status.Conditions = conditions(s, mesh, seen)
	status.Inherit(mesh.Status.Conditions, next.Status.Conditions, s.Now)
	next.Status.Members = ptr.To(members(s.Reports))
	Observed(&next.Status.InstalledStatus, said(chosen(seen.Observation, mesh.Status.Install), mesh, seen.Facts), seen.GatewayAPI)
	return next
}

// chosen returns what was observed with the revision that the installer chose
// for new members: of several that run, observation cannot tell.
func chosen(seen *translators.Observation, state *v1alpha1.InstallState) *translators.Observation {
	if seen == nil || state == nil || state.Revision == "" {
		return seen
	}
	next := *seen
	next.Env.Facts = map[string]string{}
	maps.Copy(next.Env.Facts, seen.Env.Facts)
	next.Env.Facts[translators.FactRevision] = state.Revision
	return &next
}

// said returns what was observed with the facts that the Mesh's annotations say:
// what nobody can see, and whoever runs the cluster knows.
func said(seen *translators.Observation, mesh *v1alpha1.Mesh, known []translators.Fact) *translators.Observation {
	if seen == nil {
		return nil
	}
	next := *seen
	next.Env.Facts = maps.Clone(seen.Env.Facts)
	for _, fact := range known {
		if value := mesh.Annotations[v1alpha1.FactPrefix+fact.Name]; value != "" {
			if next.Env.Facts == nil {
				next.Env.Facts = map[string]string{}
			}
			next.Env.Facts[fact.Name] = value
		}
	}
	return &next
}

// unknownFacts are about annotations that say facts which nobody reads.
func unknownFacts(ref ir.Ref, mesh *v1alpha1.Mesh, known []translators.Fact) []ir.Issue {
	var names []string
	for _, fact := range known {
		names = append(names, fact.Name)
	}
	var issues []ir.Issue
	for _, key := range slices.Sorted(maps.Keys(mesh.Annotations)) {
		name, is := strings.CutPrefix(key, v1alpha1.FactPrefix)
		if !is || slices.Contains(names, name) {
			continue
		}
		issues = append(issues, ir.Issue{
			Effect: ir.EffectPartial, Source: ir.Source{Ref: ref, Field: "metadata.annotations"}, Reason: string(v1alpha1.ReasonInvalid),
			Code: CodeUnknownFact, Message: fmt.Sprintf("annotation %s says a fact that provider %s does not read; it reads: %s",
				key, mesh.Spec.Provider, cmp.Or(strings.Join(names, ", "), "none")),
		})
	}
	return issues
}

// Codes of issues of Meshes, documented in docs/reference/codes.md.
const (
	// CodeUnknownFact: an annotation of a Mesh that says a fact which its provider
	// does not read. Correct its name, or remove it.
	CodeUnknownFact = "ML3013"
)

// Observed writes what was observed into a status. What was last seen stays
// while nothing is: a control plane that restarts has not changed.
func Observed(out *v1alpha1.InstalledStatus, seen *translators.Observation, api *v1alpha1.ObservedGatewayAPI) {
	if seen == nil {
		return
	}
	env := seen.Env
	out.Version = env.Version
	for _, r := range seen.Revisions {
		if r.Name == env.Facts[translators.FactRevision] {
			out.Version = r.Version
		}
	}
	out.Env = &v1alpha1.ObservedEnv{Variant: env.Variant, Version: env.Version, Edition: env.Edition, GatewayAPI: api.DeepCopy()}
	for name, value := range env.Facts {
		out.Env.Facts = append(out.Env.Facts, v1alpha1.ObservedFact{Name: name, Value: value})
	}
	slices.SortFunc(out.Env.Facts, func(a, b v1alpha1.ObservedFact) int { return strings.Compare(a.Name, b.Name) })
	out.Revisions = nil
	for _, r := range seen.Revisions {
		out.Revisions = append(out.Revisions, v1alpha1.Revision{Name: r.Name, Version: r.Version})
	}
}

// Installed returns the condition that says whether something runs.
func Installed(what string, seen *translators.Observation, namespace string) metav1.Condition {
	switch {
	case seen == nil && namespace == "":
		return status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonNotInstalled, what+" was not looked for: its namespace is not known")
	case seen == nil:
		return status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonNotInstalled,
			fmt.Sprintf("%s was not found in namespace %s; install it there, or correct the namespace", what, namespace))
	case !seen.Ready:
		return status.New(v1alpha1.ConditionInstalled, false, v1alpha1.ReasonPending, what+" has no ready pod")
	}
	return status.New(v1alpha1.ConditionInstalled, true, v1alpha1.ReasonInstalled, "")
}

func conditions(s status.Subject, mesh *v1alpha1.Mesh, seen Seen) []metav1.Condition {
	outcome := s.Whole()
	if !seen.Offered {
		outcome.Issues = append(outcome.Issues, ir.Issue{
			Effect: ir.EffectRejected, Source: ir.Source{Ref: s.Ref, Field: "spec.provider"}, Reason: string(v1alpha1.ReasonUnsupported),
			Code: translators.CodeNotOffered, Message: fmt.Sprintf("provider %s is not offered by this version of Meshloom; choose another", mesh.Spec.Provider),
		})
	}
	outcome.Issues = append(outcome.Issues, unknownFacts(s.Ref, mesh, seen.Facts)...)
	if seen.Held > 0 {
		outcome.Issues = append(outcome.Issues, held(s.Ref, seen))
	}
	all := outcome.Conditions(mesh.Generation)
	installing := status.Installing{
		Mode: mesh.Spec.Mode, Generation: mesh.Generation, State: mesh.Status.Install,
		Observed: Installed("the control plane", seen.Observation, seen.Namespace),
	}
	accepted, installed := all[:1:1], []metav1.Condition{installing.Installed()}
	sum := status.Sum(mesh.Generation, slices.Concat(accepted, installing.Blocking(), installed, all[1:]))
	// Of Accepted, ResolvedRefs and Programmed, a Mesh shows only the first: the
	// others are in Ready.
	shown := slices.Concat(sum, accepted, installed, installing.Shown())
	for _, c := range all[1:] {
		if c.Type == string(v1alpha1.ConditionPartiallySupported) {
			shown = append(shown, c)
		}
	}
	return shown
}

// held asks somebody to agree to a removal.
func held(ref ir.Ref, seen Seen) ir.Issue {
	return ir.Issue{
		Effect: ir.EffectWithheld, Source: ir.Source{Ref: ref}, Reason: string(v1alpha1.ReasonConfirmationRequired), Code: apply.CodeHeld,
		Message: fmt.Sprintf("%d of the mesh's %d native objects would be removed at once, which looks like an accident; to agree, set the annotation %s: \"%d\" on this Mesh",
			seen.Held, seen.Of, AnnotationConfirmPrune, seen.Held),
	}
}

func members(reports []*status.Report) int32 {
	for _, report := range reports {
		if report.Key.Kind == ir.KindMesh {
			return report.Members
		}
	}
	return 0
}
