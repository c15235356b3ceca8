package engine

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// exclude adds what has to be left out because of the issues: the whole object,
// or one field of a TrafficPolicy that says onUnsupported: Ignore.
func (e *Engine) exclude(ex resolve.Exclusions, issues []ir.Issue) resolve.Exclusions {
	for _, issue := range issues {
		if issue.Effect != ir.EffectRejected || issue.Source.Name == "" {
			continue
		}
		field := ""
		if e.ignores(issue) {
			field = issue.Source.Field
		}
		ex = ex.With(issue.Source.Ref, field)
	}
	return ex
}

// lost adds the limits of an access unit that are in force nowhere, because the
// unit of their Service, which they are a part of, leaves them out.
func (e *Engine) lost(ex resolve.Exclusions, unit *ir.Unit) resolve.Exclusions {
	if unit.Access == nil {
		return ex
	}
	for i := range unit.Access.Targets {
		target := &unit.Access.Targets[i]
		if target.RateLimit == nil {
			continue
		}
		limit := target.RateLimit.Source
		_, left := e.compute(ir.Key{Kind: ir.KindService, Mesh: unit.Key.Mesh, Namespace: unit.Key.Namespace, Name: target.Service.Name})
		if left.Has(limit.Ref, limit.Field) {
			ex = ex.With(limit.Ref, limit.Field)
		}
	}
	return ex
}

// soften turns the rejection of a field whose policy asks to ignore it into a
// partial support: the rest of the policy is programmed.
func (e *Engine) soften(issues []ir.Issue) []ir.Issue {
	out := make([]ir.Issue, len(issues))
	for i, issue := range issues {
		if issue.Effect == ir.EffectRejected && e.ignores(issue) {
			issue.Effect = ir.EffectPartial
			issue.Reason = string(v1alpha1.ReasonUnsupported)
		}
		out[i] = issue
	}
	return out
}

// ignores says whether the issue is about a field that a target cannot do and
// that its policy does without.
func (e *Engine) ignores(issue ir.Issue) bool {
	if issue.Feature == "" || topField(issue.Source.Field) == "" {
		return false
	}
	obj, ok := e.cfg.Store.Object(issue.Source.Ref)
	if !ok {
		return false
	}
	policy, ok := obj.(*v1alpha1.TrafficPolicy)
	return ok && policy.Spec.OnUnsupported == v1alpha1.UnsupportedIgnore
}

// topField returns the field directly below spec: "retry" for
// "spec.retry.codes[0]".
func topField(path string) string {
	rest, ok := strings.CutPrefix(path, "spec.")
	if !ok {
		return ""
	}
	if i := strings.IndexAny(rest, ".["); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// rejected returns the objects of the issues that are excluded whole, sorted.
func rejected(ex resolve.Exclusions, issues []ir.Issue) []ir.Ref {
	var out []ir.Ref
	for _, issue := range issues {
		if issue.Effect == ir.EffectRejected && ex.Has(issue.Source.Ref, "") {
			out = append(out, issue.Source.Ref)
		}
	}
	slices.SortFunc(out, ir.Ref.Compare)
	return slices.Compact(out)
}
