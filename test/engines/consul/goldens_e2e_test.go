//go:build e2e

package consul

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/test/engines/consulk8s"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// TestGoldens has a Consul of its own accept what every golden case comes to,
// in the order of its application, and the removal of it all in reverse.
func TestGoldens(t *testing.T) {
	a, err := startAgent(t.Context(), t.TempDir(), 9500)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.process.Kill)
	files, err := filepath.Glob("../../../translators/consul/testdata/*.in.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("find golden cases: %d found, %v", len(files), err)
	}
	cases, entries, accepted := 0, 0, 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".in.yaml"), func(t *testing.T) {
			outputs := golden(t, file)
			wanted := append(elsewhere(outputs), resources(t, outputs)...)
			if len(wanted) == 0 {
				mustBeEmpty(t, file)
				return
			}
			inOrder(wanted)
			cases, entries = cases+1, entries+len(wanted)
			if _, err := consulk8s.Entries(wanted); err != nil {
				t.Fatal(err)
			}
			written := take(t.Context(), wanted, a.write)
			slices.Reverse(wanted)
			if err := errors.Join(written, take(t.Context(), wanted, a.remove)); err != nil {
				t.Error(err)
			}
			if !t.Failed() {
				accepted++
			}
		})
	}
	results.Add(report.Row{
		Scenario: t.Name(), Check: fmt.Sprintf("written and deleted, %d entries", entries),
		Expected: fmt.Sprintf("%d cases accepted", cases), Counted: fmt.Sprintf("%d cases accepted", accepted), Passed: cases == accepted,
	})
}

// mustBeEmpty makes sure that a case really comes to nothing.
func mustBeEmpty(t *testing.T, input string) {
	t.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(input, ".in.yaml") + ".out.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "apiVersion: "+consulk8s.Group) {
		t.Error("the golden output has entries, and none was computed")
	}
}

var isUnit = regexp.MustCompile(`(?m)^unit:`)

// golden computes a case, whose input is objects or one resolved unit. That the
// output is the golden one is what the tests of the provider are for.
func golden(t *testing.T, file string) []engine.Output {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !isUnit.Match(text) {
		objects, err := manifest.Reader{}.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		return outputs(objects.Objects)
	}
	var in struct {
		Env  translators.Env `json:"env"`
		Unit ir.Unit         `json:"unit"`
	}
	if err := yaml.UnmarshalStrict(text, &in); err != nil {
		t.Fatal(err)
	}
	result := translate(in.Env, &in.Unit)
	return []engine.Output{{Key: in.Unit.Key, Objects: result.Objects, Contributions: result.Contributions}}
}

func translate(env translators.Env, u *ir.Unit) translators.Result {
	switch mesh := provider.Mesh; {
	case u.Service != nil:
		return mesh.Service(env, u.Service)
	case u.Access != nil:
		return mesh.Access(env, u.Access)
	case u.Namespace != nil:
		return mesh.Namespace(env, u.Namespace)
	case u.External != nil:
		return mesh.External(env, u.External)
	case u.Mesh != nil:
		return mesh.Mesh(env, u.Mesh)
	}
	return translators.Result{}
}

// elsewhere are the protocols that other units than a case's say, which objects
// of it come after.
func elsewhere(outputs []engine.Output) []*unstructured.Unstructured {
	here := map[string]bool{}
	for _, out := range outputs {
		for _, c := range out.Contributions {
			here[c.Object.Kind+"/"+c.Object.Name] = true
		}
		for _, o := range out.Objects {
			here[o.GetObjectKind().GroupVersionKind().Kind+"/"+o.GetName()] = true
		}
	}
	var made []*unstructured.Unstructured
	for _, out := range outputs {
		for _, o := range out.Objects {
			for _, after := range o.After {
				if here[after.Kind+"/"+after.Name] || after.Kind != "ServiceDefaults" {
					continue
				}
				here[after.Kind+"/"+after.Name] = true
				made = append(made, resource("ServiceDefaults", after.Name, object{"protocol": "http"}))
			}
		}
	}
	return made
}

// resource is one written by hand.
func resource(kind, name string, spec object) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: object{
		"apiVersion": "consul.hashicorp.com/v1alpha1", "kind": kind,
		"metadata": object{"name": name, "namespace": "shop"}, "spec": spec,
	}}
}
