package ir

import (
	"cmp"
	"slices"
)

// Effect says what an Issue does to the object it is about.
type Effect string

// The effects, worst first.
const (
	// EffectRejected: nothing of the object (of the field, where the policy
	// says onUnsupported: Ignore) is programmed on this target.
	EffectRejected Effect = "Rejected"
	// EffectClosed: an AccessPolicy that cannot be expressed closed its target.
	EffectClosed Effect = "Closed"
	// EffectUnresolved: a reference does not resolve or is not granted.
	EffectUnresolved Effect = "Unresolved"
	// EffectWithheld: accepted, but not (yet) in force.
	EffectWithheld Effect = "Withheld"
	// EffectPartial: in force, but for what the message names.
	EffectPartial Effect = "Partial"
	// EffectNote: in force; something worth knowing.
	EffectNote Effect = "Note"
)

// Issue is something a user has to know about an object: deterministic, for
// the user, and with what to do next.
type Issue struct {
	Effect Effect `json:"effect"`
	// Source is the object and field at fault.
	Source Source `json:"source"`
	// Target narrows the issue to one target of the object; zero is all of them.
	Target Target `json:"target,omitzero"`
	// Feature is set where the mesh's or ingress's abilities are the matter.
	Feature Feature `json:"feature,omitempty"`
	// Reason is a condition reason of the API, in CamelCase.
	Reason string `json:"reason"`
	// Code is a stable code as in "ML1203", documented in docs/reference/codes.md.
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
}

// SortIssues sorts by object, field, reason and message, and removes
// duplicates.
func SortIssues(issues []Issue) []Issue {
	slices.SortFunc(issues, func(a, b Issue) int {
		return cmp.Or(a.Source.Compare(b.Source.Ref), cmp.Compare(a.Source.Field, b.Source.Field),
			cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Target.Name, b.Target.Name), cmp.Compare(a.Target.SectionName, b.Target.SectionName))
	})
	return slices.Compact(issues)
}
