package consulk8s

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/meshloom/meshloom/translators/translatortest"
)

// TestShapesAreThoseOfTheDefinitions compares what is said here of the fields
// of each kind with its real schema.
func TestShapesAreThoseOfTheDefinitions(t *testing.T) {
	definitions := translatortest.SharedDefinitions(t, "consul-k8s.yaml")
	if definitions == nil {
		return
	}
	seen := 0
	for _, crd := range definitions {
		s, known := shapes[crd.Spec.Names.Kind]
		if !known {
			continue
		}
		seen++
		t.Run(crd.Spec.Names.Kind, func(t *testing.T) {
			spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
			found := map[string]content{}
			s.literals(spec, "", found)
			if diff := cmp.Diff(found, s.literal, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("objects with keys of the user's (-schema +shape):\n%s", diff)
			}
			for _, path := range s.kept {
				if !has(spec, strings.Split(path, ".")) {
					t.Errorf("there is no field %s to keep", path)
				}
			}
		})
	}
	if seen != len(shapes) {
		t.Errorf("%d of %d kinds are defined", seen, len(shapes))
	}
}

// literals gathers the paths of objects whose keys are data.
func (s shape) literals(schema apiextensionsv1.JSONSchemaProps, path string, found map[string]content) {
	if slices.Contains(s.kept, path) {
		return
	}
	if schema.Type == "array" {
		s.literals(*schema.Items.Schema, path, found)
		return
	}
	switch {
	case schema.XPreserveUnknownFields != nil && *schema.XPreserveUnknownFields:
		found[path] = data
	case schema.AdditionalProperties == nil:
	case schema.AdditionalProperties.Schema.Type == "object":
		found[path] = fields
		s.literals(*schema.AdditionalProperties.Schema, path+".*", found)
	default:
		found[path] = data
	}
	for name, property := range schema.Properties {
		s.literals(property, strings.TrimPrefix(path+"."+name, "."), found)
	}
}

// has says whether a schema has a field, a list being no step of its path.
func has(schema apiextensionsv1.JSONSchemaProps, path []string) bool {
	if schema.Type == "array" {
		return has(*schema.Items.Schema, path)
	}
	if len(path) == 0 {
		return true
	}
	property, ok := schema.Properties[path[0]]
	return ok && has(property, path[1:])
}
