package schema

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// rules are the CEL rules of one node of a schema and of all nodes below it;
// nil has none. A node compiles its own when an object first has a value there:
// compiling is dear, and most objects use few of the fields of their kind.
type rules struct {
	own        func() *cel.Validator
	items      *rules
	additional *rules
	properties map[string]*rules
}

// newRules returns the rules of a schema; root says that the schema is that of
// a whole object.
func newRules(s *structural.Structural, root bool) (*rules, error) {
	if s == nil {
		return nil, nil
	}
	if s.ValueValidation != nil && slices.ContainsFunc(s.ValueValidation.AllOf, hasRules) {
		return nil, errors.New("rules below allOf are not supported; put them on the field itself")
	}
	r := &rules{properties: map[string]*rules{}}
	var err error
	if r.items, err = newRules(s.Items, false); err != nil {
		return nil, err
	}
	if s.AdditionalProperties != nil {
		if r.additional, err = newRules(s.AdditionalProperties.Structural, false); err != nil {
			return nil, err
		}
	}
	for name, property := range s.Properties {
		below, err := newRules(&property, property.XEmbeddedResource)
		if err != nil {
			return nil, err
		}
		if below != nil {
			r.properties[name] = below
		}
	}
	if len(s.XValidations) > 0 {
		r.own = sync.OnceValue(func() *cel.Validator { return cel.NewValidator(alone(s), root, celconfig.PerCallLimit) })
	}
	if r.own == nil && r.items == nil && r.additional == nil && len(r.properties) == 0 {
		return nil, nil
	}
	return r, nil
}

func hasRules(nested structural.NestedValueValidation) bool {
	if len(nested.XValidations) > 0 || slices.ContainsFunc(nested.AllOf, hasRules) {
		return true
	}
	for _, property := range nested.Properties {
		if hasRules(property) {
			return true
		}
	}
	return nested.Items != nil && hasRules(*nested.Items) ||
		nested.AdditionalProperties != nil && hasRules(*nested.AdditionalProperties)
}

// alone returns the schema of a node with the types of all that is below it,
// whose rules the nodes below check themselves.
func alone(s *structural.Structural) *structural.Structural {
	out := bare(s)
	out.XValidations = s.XValidations
	return out
}

func bare(s *structural.Structural) *structural.Structural {
	if s == nil {
		return nil
	}
	out := *s
	out.XValidations = nil
	out.Items = bare(s.Items)
	if s.AdditionalProperties != nil {
		out.AdditionalProperties = &structural.StructuralOrBool{
			Structural: bare(s.AdditionalProperties.Structural), Bool: s.AdditionalProperties.Bool,
		}
	}
	if s.Properties != nil {
		out.Properties = make(map[string]structural.Structural, len(s.Properties))
		for name, property := range s.Properties {
			out.Properties[name] = *bare(&property)
		}
	}
	return &out
}

// judgement is the way of one object through its rules.
type judgement struct {
	errs field.ErrorList
	// budget bounds the cost of all rules together; nothing more is checked
	// once it is below zero, which is an error of the object.
	budget int64
}

// validate checks the value of a node and all below it, in the order of the
// names of the fields.
func (j *judgement) validate(r *rules, at *field.Path, value any) {
	if r == nil || value == nil || j.budget < 0 {
		return
	}
	if r.own != nil {
		errs, budget := r.own().Validate(context.Background(), at, nil, value, nil, j.budget)
		j.errs, j.budget = append(j.errs, errs...), budget
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			j.validate(r.items, at.Index(i), item)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			j.validate(r.additional, at.Key(name), value[name])
			j.validate(r.properties[name], at.Child(name), value[name])
		}
	}
}
