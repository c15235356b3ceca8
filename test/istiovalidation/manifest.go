package istiovalidation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Parse reads the documents of a YAML stream that are Kubernetes objects.
// Those of the unified API are left out: no control plane ever sees them.
func Parse(text []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parse objects: %w", err)
		}
		if o.GetKind() == "" || strings.HasPrefix(o.GetAPIVersion(), "meshloom.io/") {
			continue
		}
		objects = append(objects, o)
	}
}
