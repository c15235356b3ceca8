package helm

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// parseObjects reads the documents of a manifest. Empty ones are left out.
func parseObjects(manifest string) ([]unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	var objects []unstructured.Unstructured
	for {
		var object map[string]any
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if len(object) > 0 {
			objects = append(objects, unstructured.Unstructured{Object: object})
		}
	}
}

// objectKey tells objects of a manifest apart.
type objectKey struct{ group, kind, namespace, name string }

func keyOf(o *unstructured.Unstructured, namespace string) objectKey {
	if own := o.GetNamespace(); own != "" {
		namespace = own
	}
	return objectKey{o.GroupVersionKind().Group, o.GetKind(), namespace, o.GetName()}
}

// byKey returns the objects of a manifest, those without a namespace as those
// of the release's.
func byKey(manifest, namespace string) (map[objectKey]*unstructured.Unstructured, error) {
	objects, err := parseObjects(manifest)
	if err != nil {
		return nil, err
	}
	keyed := make(map[objectKey]*unstructured.Unstructured, len(objects))
	for i := range objects {
		keyed[keyOf(&objects[i], namespace)] = &objects[i]
	}
	return keyed, nil
}
