package translators_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func source(kind, name, field string) ir.Source {
	return ir.Source{Ref: ir.Ref{Kind: kind, Namespace: "shop", Name: name}, Generation: 3, Field: field}
}

func TestCheck(t *testing.T) {
	attempts := int32(3)
	split, policy := source("TrafficSplit", "reviews", "spec.rules[0].matches[0]"), source("TrafficPolicy", "slow", "spec.retry")
	unit := &ir.Unit{Service: &ir.ServiceUnit{Ports: []ir.PortRoutes{{Routes: []ir.Route{{
		Match:  ir.Match{Path: &ir.PathMatch{Type: ir.PathRegex, Value: "/a+"}, Method: "GET"},
		Retry:  &ir.Retry{Attempts: &attempts, Codes: []int32{503}, Source: policy},
		Source: split,
	}}}}}}
	supports := map[ir.Feature]translators.Support{
		ir.MatchPathRegex: {Level: translators.Unsupported, Note: "its routes know no expressions."},
		ir.MatchMethod:    {Level: translators.Native},
		ir.RetryAttempts:  {Level: translators.Emulated, Note: "it counts tries"},
	}
	want := []ir.Issue{
		{Effect: ir.EffectNote, Source: policy.At("attempts"), Feature: ir.RetryAttempts, Reason: "Emulated", Code: "ML2003"},
		{Effect: ir.EffectRejected, Source: policy.At("codes"), Feature: ir.RetryCodes, Reason: "Unsupported", Code: "ML2002"},
		{Effect: ir.EffectRejected, Source: split, Feature: ir.MatchPathRegex, Reason: "Unsupported", Code: "ML2002"},
	}
	got := translators.Check(unit, supports)
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(ir.Issue{}, "Message")); diff != "" {
		t.Fatalf("issues (-want +got):\n%s", diff)
	}
	for i, parts := range [][]string{
		{"it counts tries"}, {"defect", "onUnsupported"}, {"MatchPathRegex", "its routes know no expressions; remove it"},
	} {
		for _, part := range parts {
			if !strings.Contains(got[i].Message, part) {
				t.Errorf("message %q does not say %q", got[i].Message, part)
			}
		}
	}
}

func TestCheckClosesAccess(t *testing.T) {
	from := source("AccessPolicy", "ratings", "spec.rules[0].from[0]")
	unit := &ir.Unit{Access: &ir.AccessUnit{Targets: []ir.AccessTarget{{Rules: ir.AccessRules{
		Deny: []ir.AccessRule{{From: []ir.Caller{{Namespaces: []string{"batch"}, Source: from}}}},
	}}}}}
	got := translators.Check(unit, map[ir.Feature]translators.Support{ir.DenyNamespace: {Level: translators.Unsupported, Note: "no"}})
	if len(got) != 1 || got[0].Effect != ir.EffectClosed || got[0].Reason != "UnsupportedClosed" || got[0].Source != from {
		t.Errorf("Check = %+v, want one closing issue at %v", got, from)
	}
}
