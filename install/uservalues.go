package install

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Said is one thing that an object of the unified API says and that a value of
// a chart could say otherwise.
type Said struct {
	// Path of the value, as in "global.tls.enabled".
	Path string
	// Value that it has to have; empty where none fits.
	Value string
	// Blank says that an empty value is as good.
	Blank bool
	// Remedy for a user who wants another one, as "set spec.trust.domain".
	Remedy string
	// By is the kind of the object that says it; a Mesh where empty.
	By string
}

// UserValues reads the values that a user lays over those of a plan. The issues
// have the code that the provider documents.
func UserValues(source ir.Source, helm *v1alpha1.Helm, code string) (map[string]any, []ir.Issue) {
	if helm == nil || helm.Values == nil {
		return nil, nil
	}
	var values map[string]any
	if err := json.Unmarshal(helm.Values.Raw, &values); err != nil {
		return nil, []ir.Issue{contradiction(source.At("spec.helm.values"), code, fmt.Sprintf("the values are no object: %v", err))}
	}
	return values, nil
}

// Contradictions are the values that say otherwise than the object. They stop
// the plan: what runs would not be what its object says. No value is repeated in
// a message: it may be a key.
func Contradictions(source ir.Source, values map[string]any, all []Said, code string) []ir.Issue {
	var issues []ir.Issue
	for _, s := range all {
		value, ok := LookUp(values, s.Path)
		if !ok || s.fits(fmt.Sprint(value)) {
			continue
		}
		needs := "it is Meshloom's to set"
		if s.Value != "" {
			needs = s.Value + " is needed"
		}
		issues = append(issues, contradiction(source.At("spec.helm.values."+s.Path), code,
			fmt.Sprintf("value %s says something else than the %s, where %s: remove it and %s", s.Path, cmp.Or(s.By, v1alpha1.KindMesh), needs, s.Remedy)))
	}
	return issues
}

// fits says whether a value does not contradict.
func (s Said) fits(value string) bool {
	if value == "" {
		return s.Blank
	}
	return value == s.Value
}

func contradiction(source ir.Source, code, message string) ir.Issue {
	return ir.Issue{Effect: ir.EffectRejected, Source: source, Reason: string(v1alpha1.ReasonInvalid), Code: code, Message: message}
}

// LookUp returns the value at a path, as in "global.tls.enabled", and whether
// there is one.
func LookUp(values map[string]any, path string) (any, bool) {
	key, rest, below := strings.Cut(path, ".")
	value, ok := values[key]
	if !ok || !below {
		return value, ok
	}
	next, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	return LookUp(next, rest)
}
