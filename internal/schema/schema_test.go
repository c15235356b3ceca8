package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// shelves has a rule on every sort of node.
const shelves = `
spec:
  group: example.org
  names: {kind: Shelf}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    schema:
      openAPIV3Schema:
        type: object
        x-kubernetes-validations:
        - {rule: "!has(self.spec.owner) || self.metadata.name == self.spec.owner", message: "owner is not the name"}
        properties:
          spec:
            type: object
            properties:
              owner: {type: string}
              books:
                type: array
                items:
                  type: object
                  x-kubernetes-validations: [{rule: "self.pages > 0", message: no pages}]
                  properties: {pages: {type: integer}}
              labels:
                type: object
                additionalProperties:
                  type: string
                  x-kubernetes-validations: [{rule: "self != 'x'", message: bad label}]
              broken:
                type: object
                x-kubernetes-validations: [{rule: "self.nothing", message: never}]
`

func definition(t *testing.T, text string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict([]byte(text), crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	obj := &unstructured.Unstructured{}
	if err := json.Unmarshal(data, &obj.Object); err != nil {
		t.Fatal(err)
	}
	return obj
}

func TestRulesOfEveryNode(t *testing.T) {
	kind, err := New(definition(t, shelves), "v1")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, spec string
		want       []string
	}{
		{"nothing there", `{}`, nil},
		{"all hold", `{owner: a, books: [{pages: 1}], labels: {k: v}}`, nil},
		{"the whole object", `{owner: b}`, []string{": owner is not the name"}},
		{"the items of a list", `{books: [{pages: 1}, {pages: 0}]}`, []string{"spec.books[1]: no pages"}},
		{"the values of a map", `{labels: {k: x, a: x}}`, []string{"spec.labels[a]: bad label", "spec.labels[k]: bad label"}},
		{"several", `{owner: b, labels: {k: x}, books: [{pages: 0}]}`, []string{": owner is not the name", "spec.books[0]: no pages", "spec.labels[k]: bad label"}},
		{"a rule that does not compile", `{broken: {}}`, []string{"spec.broken: rule compile error"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for i, err := range kind.Validate(object(t, "metadata: {name: a}\nspec: "+tt.spec)) {
				said := fmt.Sprintf("%s: %s", strings.TrimPrefix(err.Field, "<nil>"), err.Detail)
				if i < len(tt.want) && strings.HasPrefix(said, tt.want[i]) {
					said = tt.want[i]
				}
				got = append(got, said)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewRefusesWhatItCannotCheck(t *testing.T) {
	under := strings.Replace(shelves, "owner: {type: string}", `owner: {type: string, allOf: [{x-kubernetes-validations: [{rule: "true"}]}]}`, 1)
	if _, err := New(definition(t, under), "v1"); err == nil || !strings.Contains(err.Error(), "allOf") {
		t.Errorf("rules below allOf: error %v, want one that names allOf", err)
	}
	if _, err := New(definition(t, shelves), "v2"); err == nil || !strings.Contains(err.Error(), "serves no such version") {
		t.Errorf("a version that is not served: error %v", err)
	}
}

func TestRulesStopWhenTheyCostTooMuch(t *testing.T) {
	kind, err := New(definition(t, shelves), "v1")
	if err != nil {
		t.Fatal(err)
	}
	books := []any{map[string]any{"pages": int64(0)}, map[string]any{"pages": int64(0)}, map[string]any{"pages": int64(0)}}
	j := judgement{budget: 1}
	j.validate(kind.rules, nil, map[string]any{"metadata": map[string]any{"name": "a"}, "spec": map[string]any{"books": books}})
	if len(j.errs) != 1 || !strings.Contains(j.errs[0].Detail, "budget") || j.budget >= 0 {
		t.Errorf("errors %v and budget %d, want one error that speaks of the budget and none left", j.errs, j.budget)
	}
}
