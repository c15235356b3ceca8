package v1alpha1_test

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// ruleCases is a file of testdata/rules.
type ruleCases struct {
	Base  map[string]any `json:"base"`
	Rules []ruleCase     `json:"rules"`
}

// ruleCase proves one rule, known by its message. Its patches make objects of
// the base; with from, they make updates of what from makes of it.
type ruleCase struct {
	Says    string           `json:"says"`
	From    map[string]any   `json:"from"`
	Accepts []map[string]any `json:"accepts"`
	Refuses []map[string]any `json:"refuses"`
}

// TestRules proves every CEL rule of every kind on a real API server, with
// what it accepts and what it refuses, and that no rule is without both. The
// check offline must say the same of new objects.
func TestRules(t *testing.T) {
	for kind, crd := range readCRDs(t) {
		t.Run(kind, func(t *testing.T) {
			var cases ruleCases
			readYAML(t, filepath.Join("testdata", "rules", strings.ToLower(kind)+".yaml"), &cases)
			both := judges(t, crd)
			proved := map[string]bool{}
			for i, c := range cases.Rules {
				if len(c.Accepts) == 0 || len(c.Refuses) == 0 {
					t.Errorf("case %q needs both: something accepted and something refused", c.Says)
				}
				proved[c.Says] = true
				if c.From != nil {
					try := updating(t, resource(t, crd), merge(cases.Base, c.From))
					t.Run(fmt.Sprint(i, " update"), func(t *testing.T) { c.prove(t, try) })
					continue
				}
				for name, judge := range both {
					try := func(patch map[string]any) []string { return judge(merge(cases.Base, patch)) }
					t.Run(fmt.Sprint(i, " ", name), func(t *testing.T) { c.prove(t, try) })
				}
			}
			schema := specSchema(crd)
			said := messages(&schema)
			for _, message := range said {
				if !proved[message] {
					t.Errorf("no case proves the rule that says: %s", message)
				}
			}
			for message := range proved {
				if !slices.Contains(said, message) {
					t.Errorf("no rule says: %s", message)
				}
			}
		})
	}
}

func (c ruleCase) prove(t *testing.T, try func(patch map[string]any) []string) {
	t.Helper()
	for _, patch := range c.Accepts {
		if said := try(patch); len(said) > 0 {
			t.Errorf("%s\nrefused %v: %v", c.Says, patch, said)
		}
	}
	for _, patch := range c.Refuses {
		said := try(patch)
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasSuffix(s, c.Says) }) {
			t.Errorf("%s\nnot said of %v: %v", c.Says, patch, said)
		}
	}
}

// updating stores an object, to be deleted with the test, and returns what
// tries an update of it.
func updating(t *testing.T, client dynamic.ResourceInterface, from map[string]any) func(map[string]any) []string {
	t.Helper()
	object := &unstructured.Unstructured{Object: from}
	object.SetGenerateName(object.GetName() + "-")
	object.SetName("")
	stored, err := client.Create(t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Delete(context.WithoutCancel(t.Context()), stored.GetName(), metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
	return func(patch map[string]any) []string {
		object := &unstructured.Unstructured{Object: merge(stored.Object, patch)}
		_, err := client.Update(t.Context(), object, dryUpdate)
		return causes(t, err)
	}
}

// messages lists what the rules of a schema say, its parts included.
func messages(schema *apiextensionsv1.JSONSchemaProps) []string {
	var said []string
	for _, rule := range schema.XValidations {
		said = append(said, rule.Message)
	}
	for _, property := range schema.Properties {
		said = append(said, messages(&property)...)
	}
	if schema.Items != nil {
		said = append(said, messages(schema.Items.Schema)...)
	}
	if schema.AdditionalProperties != nil {
		said = append(said, messages(schema.AdditionalProperties.Schema)...)
	}
	return said
}

// merge applies a JSON merge patch to a copy of an object.
func merge(object, patch map[string]any) map[string]any {
	merged := (&unstructured.Unstructured{Object: object}).DeepCopy().Object
	for key, value := range patch {
		inner, isMap := value.(map[string]any)
		old, wasMap := merged[key].(map[string]any)
		switch {
		case value == nil:
			delete(merged, key)
		case isMap && wasMap:
			merged[key] = merge(old, inner)
		default:
			merged[key] = expand(value)
		}
	}
	return merged
}

var lengthOf = regexp.MustCompile(`^<(\d+)>$`)

// expand replaces strings such as <64> by a string of that length.
func expand(value any) any {
	switch value := value.(type) {
	case string:
		if m := lengthOf.FindStringSubmatch(value); m != nil {
			n, _ := strconv.Atoi(m[1])
			return strings.Repeat("a", n)
		}
		return value
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = expand(value[i])
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for key, inner := range value {
			object[expand(key).(string)] = expand(inner)
		}
		return object
	default:
		return value
	}
}
