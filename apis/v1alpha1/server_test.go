package v1alpha1_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	meshloomv1alpha1 "github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/apis/v1alpha1/crds"
	"github.com/meshloom/meshloom/internal/schema"
	"github.com/meshloom/meshloom/test/envtest"
)

func TestMain(m *testing.M) { os.Exit(envtest.Main(m, "crds")) }

// readCRDs returns the generated definitions by kind.
func readCRDs(t *testing.T) map[string]*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	files, err := crds.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]*apiextensionsv1.CustomResourceDefinition{}
	for _, file := range files {
		text, err := crds.FS.ReadFile(file.Name())
		if err != nil {
			t.Fatal(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			t.Fatalf("%s: %v", file.Name(), err)
		}
		byKind[crd.Spec.Names.Kind] = crd
	}
	return byKind
}

// specSchema is the schema of a definition's spec.
func specSchema(crd *apiextensionsv1.CustomResourceDefinition) apiextensionsv1.JSONSchemaProps {
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
}

// resource talks to the API server about one kind.
func resource(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) dynamic.ResourceInterface {
	t.Helper()
	config := envtest.Config(t)
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	all := client.Resource(meshloomv1alpha1.GroupVersion.WithResource(crd.Spec.Names.Plural))
	if crd.Spec.Scope == apiextensionsv1.NamespaceScoped {
		return all.Namespace("default")
	}
	return all
}

var (
	dryCreate = metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: "Strict"}
	dryUpdate = metav1.UpdateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: "Strict"}
)

// judge says what is wrong with a new object, each as "field: message".
type judge func(object map[string]any) []string

// judges are the two that must agree: a real API server, and the check that
// `meshctl validate` makes without one.
func judges(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) map[string]judge {
	t.Helper()
	client := resource(t, crd)
	kind, err := schema.New(crd, meshloomv1alpha1.GroupVersion.Version)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]judge{
		"server": func(object map[string]any) []string {
			_, err := client.Create(t.Context(), &unstructured.Unstructured{Object: object}, dryCreate)
			return causes(t, err)
		},
		"offline": func(object map[string]any) []string {
			copied := (&unstructured.Unstructured{Object: object}).DeepCopy()
			kind.Default(copied)
			var said []string
			for _, err := range kind.Validate(copied) {
				said = append(said, err.Field+": "+err.ErrorBody())
			}
			return said
		},
	}
}

// causes lists what an API server says against an object: none for no error.
// It fails the test for an error that is not about the object.
func causes(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		t.Fatalf("not a refusal of the object: %v", err)
	}
	var said []string
	for _, cause := range status.Status().Details.Causes {
		said = append(said, cause.Field+": "+cause.Message)
	}
	return said
}

// samples returns the objects of testdata/samples/<kind>.yaml.
func samples(t *testing.T, kind string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "samples", strings.ToLower(kind)+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	reader := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := reader.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, object)
	}
}

// readYAML reads a file into a value with whole numbers as int64.
func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := json.Unmarshal(asJSON, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
