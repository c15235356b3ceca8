package linkerd

import (
	"slices"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// TestDenyOfMembersIsExactWithoutPlaintext denies all members over a default that
// admits: that leaves callers without an identity, of whom Linkerd has no words,
// and in a mesh that refuses plaintext nobody.
func TestDenyOfMembersIsExactWithoutPlaintext(t *testing.T) {
	for _, strict := range []bool{false, true} {
		u := translatortest.NewGen(0).AccessUnit().Access
		source := ir.Source{Ref: ir.Ref{Kind: "AccessPolicy", Namespace: u.Namespace, Name: "members"}}
		u.Targets, u.NamespaceRules, u.Default, u.Strict = u.Targets[:1], nil, ir.AccessAllow, strict
		u.Targets[0].Rules = ir.AccessRules{
			Deny:     []ir.AccessRule{{From: []ir.Caller{{Member: true, Source: source}}, Source: source}},
			Policies: []ir.Source{source},
		}
		result := translateAccess(translators.Env{}, u)
		closed := slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Effect == ir.EffectClosed })
		if closed == strict {
			t.Errorf("strict %v: more is closed than the policy says: %v", strict, closed)
		}
		if len(loadInbound(result.Objects, "").authorizations) > 0 {
			t.Errorf("strict %v: somebody is admitted", strict)
		}
	}
}
