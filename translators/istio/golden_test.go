package istio

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no inputs: %v", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".in.yaml")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			var in struct {
				Env  translators.Env `json:"env"`
				Unit ir.Unit         `json:"unit"`
			}
			if err := yaml.UnmarshalStrict(data, &in); err != nil {
				t.Fatal(err)
			}
			got := golden(t, in.Env, &in.Unit)
			output := strings.TrimSuffix(input, ".in.yaml") + ".out.yaml"
			if *update {
				if err := os.WriteFile(output, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func golden(t *testing.T, env translators.Env, u *ir.Unit) []byte {
	t.Helper()
	p := Provider()
	result := translators.Result{}
	switch {
	case u.Service != nil:
		result = p.Mesh.Service(env, u.Service)
	case u.Access != nil:
		result = p.Mesh.Access(env, u.Access)
	case u.Namespace != nil:
		result = p.Mesh.Namespace(env, u.Namespace)
	case u.External != nil:
		result = p.Mesh.External(env, u.External)
	case u.Gateway != nil:
		result = p.Ingress.Gateway(env, u.Gateway, translators.Pairing{})
	case u.Route != nil:
		result = p.Ingress.Route(env, u.Route, nil)
	}
	var buf bytes.Buffer
	for _, issue := range ir.SortIssues(append(result.Issues, translators.Check(u, p.Supports(env))...)) {
		fmt.Fprintf(&buf, "# %s %s %s %s: %s\n", issue.Effect, issue.Reason, issue.Source.Ref, issue.Source.Field, issue.Message)
	}
	for _, c := range result.Contributions {
		fmt.Fprintf(&buf, "# %s %s: %v = %v\n", c.Object.Kind, c.Object.Name, c.Path, c.Value)
	}
	for _, obj := range result.Objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj.Object)
		if err != nil {
			t.Fatal(err)
		}
		unstructured.RemoveNestedField(content, "status")
		unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
		data, err := yaml.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&buf, "---\n")
		for _, after := range obj.After {
			fmt.Fprintf(&buf, "# after %s %s/%s\n", after.Kind, after.Namespace, after.Name)
		}
		buf.Write(data)
	}
	return buf.Bytes()
}
