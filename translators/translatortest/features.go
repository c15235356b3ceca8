package translatortest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// features demands an answer to every feature that can occur in the variant,
// and that the translation of its samples is as the answer says.
func (s *Suite) features(t *testing.T, env translators.Env) {
	t.Helper()
	variant, ok := s.variant(env)
	if !ok {
		t.Fatalf("the provider has no variant %q", env.Variant)
	}
	report(t, s.answers(env, variant))
	for _, sample := range Samples() {
		ingress := sample.Kind == ir.KindRoute || sample.Kind == ir.KindGateway
		if ingress != variant.Mesh {
			t.Run(string(sample.Feature)+"/"+string(sample.Kind), func(t *testing.T) { report(t, s.sample(env, &sample)) })
		}
	}
}

// answers returns what is wrong with the provider's support table.
func (s *Suite) answers(env translators.Env, variant translators.Variant) []string {
	var problems []string
	supports := s.Provider.Supports(env)
	for _, info := range ir.Features() {
		support, declared := supports[info.Feature]
		switch occurs := variant.Mesh && info.Mesh() || !variant.Mesh && info.Ingress(); {
		case occurs && !declared:
			problems = append(problems, fmt.Sprintf("%s is not answered: add it to the provider's support table", info.Feature))
		case !occurs && declared:
			problems = append(problems, fmt.Sprintf("%s is answered and cannot occur in this variant", info.Feature))
		case declared && support.Level != translators.Native && support.Note == "":
			problems = append(problems, fmt.Sprintf("%s is %s and nobody is told why", info.Feature, support.Level))
		}
	}
	return problems
}

// sample returns how the translation of a sample is not what the matrix says
// of its feature.
func (s *Suite) sample(env translators.Env, sample *Sample) []string {
	supports := s.Provider.Supports(env)
	support, declared := supports[sample.Feature]
	if !declared {
		return nil
	}
	refused := slices.ContainsFunc(translators.Check(sample.With, supports), func(i ir.Issue) bool { return i.Feature == sample.Feature && refuses(i) })
	switch {
	case refused != (support.Level == translators.Unsupported):
		return []string{fmt.Sprintf("it is %s, and refused: %v", support.Level, refused)}
	case refused || s.elsewhere(sample):
		return nil
	case !s.offers(sample.Kind):
		return []string{fmt.Sprintf("it is %s, and units of the kind are not translated", support.Level)}
	}
	problems := []string{}
	if moved, ok := s.moved(sample); ok {
		if form(s.translate(env, sample.With)) != form(s.translate(env, sample.Without)) {
			problems = append(problems, fmt.Sprintf("it is said by %s units, and the %s unit says something, too", moved.Kind, sample.Kind))
		}
		sample = &moved
	}
	with, impure := s.pure(env, sample.With)
	problems = append(problems, impure...)
	with = s.andMesh(env, sample.With, with)
	for _, issue := range with.Issues {
		if refuses(issue) {
			problems = append(problems, fmt.Sprintf("it is %s, and the translation refuses it: %s", support.Level, issue.Message))
		}
	}
	without := s.andMesh(env, sample.Without, s.translate(env, sample.Without))
	with.Issues, without.Issues = nil, nil
	why, implicit := s.Implicit[sample.Feature]
	switch same := form(with) == form(without); {
	case same && !implicit:
		problems = append(problems, fmt.Sprintf("it is %s, and a unit is translated as if it were not asked for", support.Level))
	case !same && implicit:
		problems = append(problems, fmt.Sprintf("nothing should have to be written for it (%s), and something is", why))
	}
	return problems
}

// moved is the sample in a unit of the kind that says the feature, where that is
// not the service unit.
func (s *Suite) moved(sample *Sample) (Sample, bool) {
	kind, ok := s.Elsewhere[sample.Feature]
	if !ok || sample.Kind != ir.KindService {
		return Sample{}, false
	}
	return sampleOf(sample.Feature, kind), true
}

// andMesh adds what the mesh unit comes to that says the same as a namespace
// unit: a provider may write what holds for every member in one place.
func (s *Suite) andMesh(env translators.Env, u *ir.Unit, r translators.Result) translators.Result {
	if u.Namespace == nil || s.Provider.Mesh == nil || s.Provider.Mesh.Mesh == nil {
		return r
	}
	whole := s.Provider.Mesh.Mesh(env, &ir.MeshUnit{
		Mesh: u.Namespace.Mesh, Members: []string{u.Namespace.Name},
		MTLS: u.Namespace.MTLS, AccessDefault: u.Namespace.AccessDefault, EgressDefault: u.Namespace.EgressDefault,
	})
	r.Objects = slices.Concat(r.Objects, whole.Objects)
	r.Contributions = slices.Concat(r.Contributions, whole.Contributions)
	r.Issues = slices.Concat(r.Issues, whole.Issues)
	return r
}

func refuses(i ir.Issue) bool { return i.Effect == ir.EffectRejected || i.Effect == ir.EffectClosed }

// elsewhere says whether a feature that an ingress supports is nothing that its
// routes carry: policies of connections where the ingress cannot take them over
// from the mesh.
func (s *Suite) elsewhere(sample *Sample) bool {
	joinable := s.Provider.Joinable
	if sample.Kind != ir.KindRoute || joinable == nil || joinable.Inline.Destination {
		return false
	}
	return slices.ContainsFunc(ir.Features(), func(info ir.FeatureInfo) bool {
		return info.Feature == sample.Feature && info.Group == ir.GroupDestination
	})
}
