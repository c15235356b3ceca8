package v1alpha1_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	meshloomv1alpha1 "github.com/meshloom/meshloom/apis/v1alpha1"
)

// TestExamples checks that what examples/ shows to users is what the API takes.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	definitions := readCRDs(t)
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		reader := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
		for {
			object := &unstructured.Unstructured{}
			err := reader.Decode(object)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if object.GroupVersionKind().GroupVersion() != meshloomv1alpha1.GroupVersion {
				continue
			}
			found++
			if object.GetNamespace() != "" {
				object.SetNamespace("default") // the only namespace here
			}
			if said := judges(t, definitions[object.GetKind()])["server"](object.Object); len(said) > 0 {
				t.Errorf("%s: %s %s: %v", file, object.GetKind(), object.GetName(), said)
			}
		}
	}
	if found == 0 {
		t.Error("no example was found")
	}
}
