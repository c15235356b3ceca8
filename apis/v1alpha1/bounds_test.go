package v1alpha1_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// refusedFields are fields that a rule refuses wherever they are set, because
// a shape is shared with a kind that has use for them.
var refusedFields = map[string]bool{
	"TrafficSplit spec.rules[].filters[].requestMirror.backendRef.namespace": true,
}

// attempt is a change of one field of a sample, and what the API server must
// or must not say of that field.
type attempt struct {
	object map[string]any
	field  string
	says   string
	refuse bool
}

// TestBounds takes the samples of each kind, which together set every field,
// and breaks each by every bound that its schema has for it: the API server
// must refuse that, and accept the bound itself. So must the check offline.
func TestBounds(t *testing.T) {
	for kind, crd := range readCRDs(t) {
		t.Run(kind, func(t *testing.T) {
			b := &bounds{seen: map[string]bool{}}
			for _, sample := range samples(t, kind) {
				b.walk(specSchema(crd), sample.Object["spec"], place{
					path: field.NewPath("spec"), schema: "spec",
					with: func(spec any) map[string]any {
						object := sample.DeepCopy().Object
						object["spec"] = spec
						return object
					},
				})
			}
			for name, judge := range judges(t, crd) {
				t.Run(name, func(t *testing.T) {
					for _, sample := range samples(t, kind) {
						if said := judge(sample.Object); len(said) > 0 {
							t.Errorf("sample %s is refused: %v", sample.GetName(), said)
						}
					}
					for _, a := range b.attempts {
						a.try(t, judge)
					}
				})
			}
			for _, path := range fieldsOf(specSchema(crd), "spec") {
				if !b.seen[path] && !refusedFields[kind+" "+path] {
					t.Errorf("no sample sets %s", path)
				}
			}
		})
	}
}

func (a attempt) try(t *testing.T, judge judge) {
	t.Helper()
	said := judge(a.object)
	refused := slices.ContainsFunc(said, func(s string) bool {
		return strings.HasPrefix(s, a.field+": ") && strings.Contains(s, a.says)
	})
	if refused != a.refuse {
		t.Errorf("%s: %q said %v, want %v, in %v\nof %v", a.field, a.says, refused, a.refuse, said, a.object["spec"])
	}
}

// bounds collects the attempts that a schema and a value call for.
type bounds struct {
	attempts []attempt
	seen     map[string]bool
}

// place is where in an object a value stands.
type place struct {
	path   *field.Path
	schema string
	// with returns the object with another value in this place.
	with func(any) map[string]any
}

func (b *bounds) refuse(p place, value any, says string) {
	b.attempts = append(b.attempts, attempt{p.with(value), p.path.String(), says, true})
}

func (b *bounds) accept(p place, value any, says string) {
	b.attempts = append(b.attempts, attempt{p.with(value), p.path.String(), says, false})
}

func (b *bounds) walk(schema apiextensionsv1.JSONSchemaProps, value any, p place) {
	b.seen[p.schema] = true
	switch value := value.(type) {
	case map[string]any:
		b.object(schema, value, p)
	case []any:
		b.list(schema, value, p)
	case string:
		b.text(schema, p)
	case int64:
		b.number(schema, p)
	}
	for _, allowed := range schema.Enum {
		var v any
		if err := json.Unmarshal(allowed.Raw, &v); err == nil {
			b.accept(p, v, "Unsupported value")
		}
	}
}

func (b *bounds) object(schema apiextensionsv1.JSONSchemaProps, value map[string]any, p place) {
	for _, name := range schema.Required {
		without := maps.Clone(value)
		delete(without, name)
		missing := place{path: p.path.Child(name), with: p.with}
		b.refuse(missing, without, "Required value")
	}
	if n := schema.MinProperties; n != nil && *n == 1 {
		b.refuse(p, map[string]any{}, "at least 1 properties")
	}
	if n := schema.MaxProperties; n != nil {
		many := map[string]any{}
		for i := range *n {
			many[fmt.Sprint("a", i)] = "a"
		}
		b.accept(p, maps.Clone(many), "at most")
		many["one-more"] = "a"
		b.refuse(p, many, "at most")
	}
	for name, inner := range value {
		property, ok := schema.Properties[name]
		if !ok {
			continue // a label, or a chart's value
		}
		b.walk(property, inner, place{
			path: p.path.Child(name), schema: p.schema + "." + name,
			with: func(v any) map[string]any {
				changed := maps.Clone(value)
				changed[name] = v
				return p.with(changed)
			},
		})
	}
}

func (b *bounds) list(schema apiextensionsv1.JSONSchemaProps, value []any, p place) {
	if len(value) == 0 {
		return
	}
	if n := schema.MinItems; n != nil && *n == 1 {
		b.refuse(p, []any{}, "at least 1 items")
	}
	if n := schema.MaxItems; n != nil {
		b.accept(p, repeat(value[0], *n), "at most")
		b.refuse(p, repeat(value[0], *n+1), "at most")
	}
	if kind := schema.XListType; kind != nil && *kind != "atomic" {
		twice := place{path: p.path.Index(len(value)), with: p.with}
		b.refuse(twice, append(slices.Clone(value), value[0]), "Duplicate value")
	}
	for i, inner := range value {
		b.walk(*schema.Items.Schema, inner, place{
			path: p.path.Index(i), schema: p.schema + "[]",
			with: func(v any) map[string]any {
				changed := slices.Clone(value)
				changed[i] = v
				return p.with(changed)
			},
		})
	}
}

func (b *bounds) text(schema apiextensionsv1.JSONSchemaProps, p place) {
	if len(schema.Enum) > 0 {
		b.refuse(p, "Nonsense", "Unsupported value")
	}
	if schema.Pattern != "" {
		b.refuse(p, "?!  ?!  ?!", "should match")
	}
	pattern := regexp.MustCompile(schema.Pattern)
	if n := schema.MinLength; n != nil && *n > 0 {
		b.refuse(p, strings.Repeat("a", int(*n-1)), "at least")
	}
	if n := schema.MaxLength; n != nil {
		b.refuse(p, strings.Repeat("a", int(*n+1)), "may not be more than")
		if longest := strings.Repeat("a", int(*n)); pattern.MatchString(longest) {
			b.accept(p, longest, "may not be more than")
		}
	}
}

func (b *bounds) number(schema apiextensionsv1.JSONSchemaProps, p place) {
	if schema.Minimum != nil {
		b.accept(p, int64(*schema.Minimum), "greater than or equal to")
		b.refuse(p, int64(*schema.Minimum)-1, "greater than or equal to")
	}
	if schema.Maximum != nil {
		b.accept(p, int64(*schema.Maximum), "less than or equal to")
		b.refuse(p, int64(*schema.Maximum)+1, "less than or equal to")
	}
	if len(schema.Enum) > 0 {
		b.refuse(p, int64(304), "Unsupported value")
	}
}

// fieldsOf lists every field of a schema, with [] for the items of a list.
func fieldsOf(schema apiextensionsv1.JSONSchemaProps, path string) []string {
	if schema.Items != nil {
		return append([]string{path}, fieldsOf(*schema.Items.Schema, path+"[]")...)
	}
	paths := []string{path}
	for name, property := range schema.Properties {
		if name == "matchExpressions" {
			continue // metav1.LabelSelector is Kubernetes' own
		}
		paths = append(paths, fieldsOf(property, path+"."+name)...)
	}
	return paths
}

func repeat(item any, n int64) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item
	}
	return list
}
