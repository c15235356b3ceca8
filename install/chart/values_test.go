package chart_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/install/chart"
)

// valueSchema is as much of a JSON schema as the chart's one uses to say which
// values there are.
type valueSchema struct {
	Ref                  string                 `json:"$ref"`
	Properties           map[string]valueSchema `json:"properties"`
	AdditionalProperties any                    `json:"additionalProperties"`
	Definitions          map[string]valueSchema `json:"definitions"`
}

// leaves are the paths of all values below a schema. Objects that take any key
// are values by themselves.
func (s valueSchema) leaves(path string, root valueSchema) []string {
	if name, ok := strings.CutPrefix(s.Ref, "#/definitions/"); ok {
		s = root.Definitions[name]
	}
	if len(s.Properties) == 0 || strings.HasSuffix(path, ".resources") {
		return []string{strings.TrimPrefix(path, ".")}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		out = append(out, s.Properties[name].leaves(path+"."+name, root)...)
	}
	return out
}

func leaves(path string, value any) []string {
	object, ok := value.(map[string]any)
	if !ok || len(object) == 0 || strings.HasSuffix(path, ".resources") {
		return []string{strings.TrimPrefix(path, ".")}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		out = append(out, leaves(path+"."+name, object[name])...)
	}
	return out
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	text, err := chart.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheSchemaKnowsEveryValueAndNoOther(t *testing.T) {
	var s valueSchema
	if err := json.Unmarshal(file(t, "values.schema.json"), &s); err != nil {
		t.Fatal(err)
	}
	var defaults any
	if err := yaml.Unmarshal(file(t, "values.yaml"), &defaults); err != nil {
		t.Fatal(err)
	}
	known := slices.DeleteFunc(s.leaves("", s), func(path string) bool { return path == "global" })
	if diff := cmp.Diff(leaves("", defaults), known); diff != "" {
		t.Errorf("values.yaml and values.schema.json differ:\n%s", diff)
	}
	readme := string(file(t, "README.md"))
	for _, path := range known {
		_, last, _ := strings.Cut(path, ".")
		if !strings.Contains(readme, "`"+path+"`") && !strings.Contains(readme, "`"+last+"`") {
			t.Errorf("README.md does not say what %s is", path)
		}
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	for name, bad := range map[string]map[string]any{
		"unknown":                       values(true, "operater"),
		"unknown below":                 values(2, "operator", "replica"),
		"unknown below installer":       values("x", "installer", "role"),
		"a number as text":              values("2", "operator", "replicas"),
		"less than none":                values(-1, "operator", "replicas"),
		"an image without a name":       values("", "image", "repository"),
		"a tag with a colon":            values("1:2", "image", "tag"),
		"no digest":                     values("1234", "image", "digest"),
		"a policy of another kind":      values("Sometimes", "image", "pullPolicy"),
		"an argument that is none":      values([]any{"start"}, "operator", "extraArgs"),
		"no namespaces":                 values("Namespaces", "operator", "secrets", "from"),
		"namespaces and all":            values([]any{"edge"}, "operator", "secrets", "namespaces"),
		"a toleration as text":          values([]any{"all"}, "operator", "tolerations"),
		"an annotation that is no text": values(map[string]any{"a": 1}, "operator", "podAnnotations"),
	} {
		if _, err := helm(t, bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
