package translatortest_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// A sample that did not use its feature, or used it also without, would prove
// nothing of any provider.
func TestSamples(t *testing.T) {
	sampled := map[ir.Feature]map[ir.UnitKind]bool{}
	for _, s := range translatortest.Samples() {
		if sampled[s.Feature] == nil {
			sampled[s.Feature] = map[ir.UnitKind]bool{}
		}
		sampled[s.Feature][s.Kind] = true
		uses := func(u *ir.Unit) bool {
			return slices.ContainsFunc(ir.Uses(u), func(use ir.FeatureUse) bool { return use.Feature == s.Feature })
		}
		if !uses(s.With) {
			t.Errorf("the sample of %s in %s does not use it", s.Feature, s.Kind)
		}
		if reflect.DeepEqual(s.With, s.Without) {
			t.Errorf("the samples with and without %s in %s are the same", s.Feature, s.Kind)
		}
		if uses(s.Without) && s.Feature != ir.ExternalHost {
			t.Errorf("the sample without %s in %s uses it", s.Feature, s.Kind)
		}
	}
	for _, info := range ir.Features() {
		for _, kind := range info.Kinds {
			if !sampled[info.Feature][kind] {
				t.Errorf("%s has no sample in %s", info.Feature, kind)
			}
		}
	}
}

func TestCloneIsDeep(t *testing.T) {
	for _, s := range translatortest.Samples() {
		before := translatortest.Clone(s.With)
		if !reflect.DeepEqual(before, s.With) {
			t.Fatalf("the clone of the sample of %s differs", s.Feature)
		}
	}
	u := &ir.AccessUnit{Targets: []ir.AccessTarget{{Rules: ir.AccessRules{Allow: []ir.AccessRule{{From: []ir.Caller{{Identities: []ir.Identity{}}}}}}}}}
	c := translatortest.Clone(u)
	c.Targets[0].Rules.Allow[0].From[0].Anyone = true
	if u.Targets[0].Rules.Allow[0].From[0].Anyone || c.Targets[0].Rules.Allow[0].From[0].Identities == nil {
		t.Error("the clone shares what it came from, or has lost an empty list")
	}
}
