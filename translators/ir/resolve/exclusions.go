package resolve

import (
	"maps"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Exclusions name objects, and top-level fields of TrafficPolicies, that are
// left out of units because a mesh or an ingress cannot express them. What is
// excluded keeps its place where objects compete, and its issues. The zero
// value excludes nothing. Exclusions are immutable.
type Exclusions struct {
	set map[exclusion]struct{}
}

type exclusion struct {
	ref   ir.Ref
	field string
}

// NewExclusions excludes whole objects.
func NewExclusions(refs ...ir.Ref) Exclusions {
	var e Exclusions
	for _, ref := range refs {
		e = e.With(ref, "")
	}
	return e
}

// With returns the exclusions and one more: a whole object where field is
// empty; else, of a TrafficPolicy, the top-level field that the path is of, as
// in "spec.retry.codes". A field of any other kind excludes the whole object.
func (e Exclusions) With(ref ir.Ref, field string) Exclusions {
	if ref.Kind != v1alpha1.KindTrafficPolicy {
		field = ""
	}
	next := make(map[exclusion]struct{}, len(e.set)+1)
	maps.Copy(next, e.set)
	next[exclusion{ref, topLevel(field)}] = struct{}{}
	return Exclusions{next}
}

// Has says whether the object, or the top-level field of it, is excluded.
func (e Exclusions) Has(ref ir.Ref, field string) bool {
	if _, whole := e.set[exclusion{ref, ""}]; whole {
		return true
	}
	_, ok := e.set[exclusion{ref, topLevel(field)}]
	return ok
}

// Len counts the exclusions.
func (e Exclusions) Len() int { return len(e.set) }

func topLevel(field string) string {
	field = strings.TrimPrefix(field, "spec.")
	if i := strings.IndexAny(field, ".["); i >= 0 {
		field = field[:i]
	}
	return field
}
