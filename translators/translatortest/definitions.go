package translatortest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/meshloom/meshloom/test/binaries"
)

// Definitions reads the CustomResourceDefinitions in files of a Go module: of
// the repository's own go.mod where tools is empty, else of the module below
// hack/tools of that name. Once the module is in the cache no network is needed.
func Definitions(t *testing.T, tools, module string, patterns ...string) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	dir, err := binaries.ModuleDir(t.Context(), tools, module)
	if err != nil {
		t.Fatal(err)
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("find %s in module %s: %d files, %v", pattern, module, len(files), err)
		}
		for _, file := range files {
			crds, err := readDefinitions(file)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, crds...)
		}
	}
	return out
}

func readDefinitions(file string) ([]*apiextensionsv1.CustomResourceDefinition, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read definitions: %w", err)
	}
	var out []*apiextensionsv1.CustomResourceDefinition
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := decoder.Decode(crd); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, fmt.Errorf("decode %s: %w", file, err)
		}
		if crd.Kind == "CustomResourceDefinition" {
			out = append(out, crd)
		}
	}
}
