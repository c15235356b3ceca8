package v1alpha1_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"

	meshloomv1alpha1 "github.com/meshloom/meshloom/apis/v1alpha1"
)

// TestNames checks what users type: names, short names, scopes.
func TestNames(t *testing.T) {
	want := map[string][3]string{
		"Mesh":              {"meshes", "mlmesh", "Cluster"},
		"IngressController": {"ingresscontrollers", "mlic", "Cluster"},
		"IngressGateway":    {"ingressgateways", "mligw", "Namespaced"},
		"TrafficSplit":      {"trafficsplits", "mlsplit", "Namespaced"},
		"GatewayRoute":      {"gatewayroutes", "mlroute", "Namespaced"},
		"TrafficPolicy":     {"trafficpolicies", "mltp", "Namespaced"},
		"AccessPolicy":      {"accesspolicies", "mlap", "Namespaced"},
		"ExternalService":   {"externalservices", "mlext", "Namespaced"},
	}
	scheme := runtime.NewScheme()
	if err := meshloomv1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	got := map[string][3]string{}
	for kind, crd := range readCRDs(t) {
		names := crd.Spec.Names
		got[kind] = [3]string{names.Plural, strings.Join(names.ShortNames, " "), string(crd.Spec.Scope)}
		if !slices.Equal(names.Categories, []string{"meshloom"}) {
			t.Errorf("%s: categories %v, want meshloom: kubectl get meshloom lists all", kind, names.Categories)
		}
		if !scheme.Recognizes(meshloomv1alpha1.GroupVersion.WithKind(kind)) || !scheme.Recognizes(meshloomv1alpha1.GroupVersion.WithKind(names.ListKind)) {
			t.Errorf("%s or its list is not registered", kind)
		}
		version := crd.Spec.Versions[0]
		if version.Subresources == nil || version.Subresources.Status == nil {
			t.Errorf("%s: status is no subresource", kind)
		}
		columns := map[string]bool{}
		for _, column := range version.AdditionalPrinterColumns {
			columns[column.Name] = true
		}
		if !columns["Ready"] || !columns["Age"] || !columns["Message"] {
			t.Errorf("%s: columns %v, want Ready, Age and Message among them", kind, slices.Sorted(maps.Keys(columns)))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEverythingIsBounded checks that no list, string, map or number can grow
// without end. Kubernetes' own types bound themselves, or are bounded by a
// rule where they stand.
func TestEverythingIsBounded(t *testing.T) {
	for kind, crd := range readCRDs(t) {
		root := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
		for _, top := range []string{"spec", "status"} {
			checkBounds(t, kind+" "+top, root.Properties[top])
		}
	}
}

func checkBounds(t *testing.T, path string, s apiextensionsv1.JSONSchemaProps) {
	t.Helper()
	switch s.Type {
	case "string":
		if s.MaxLength == nil && len(s.Enum) == 0 && s.Format != "date-time" {
			t.Errorf("%s: a string without maxLength or enum", path)
		}
	case "array":
		if s.MaxItems == nil {
			t.Errorf("%s: a list without maxItems", path)
		}
		if s.XListType == nil {
			t.Errorf("%s: a list without a type: server-side apply cannot merge it", path)
		}
		checkBounds(t, path+"[]", *s.Items.Schema)
	case "integer":
		if s.Minimum == nil {
			t.Errorf("%s: a number without minimum", path)
		}
	case "object":
		if s.AdditionalProperties != nil && s.MaxProperties == nil {
			t.Errorf("%s: a map without maxProperties", path)
		}
	case "boolean":
	default:
		t.Errorf("%s: type %q", path, s.Type)
	}
	if isLabelSelector(s) {
		if len(s.XValidations) == 0 || !strings.HasPrefix(s.XValidations[0].Message, "at most 16") {
			t.Errorf("%s: a label selector without the rule that bounds it", path)
		}
		return
	}
	for name, property := range s.Properties {
		checkBounds(t, path+"."+name, property)
	}
}

func isLabelSelector(s apiextensionsv1.JSONSchemaProps) bool {
	_, labels := s.Properties["matchLabels"]
	_, expressions := s.Properties["matchExpressions"]
	return labels && expressions
}

// TestFieldNamesAreStringsInYAML keeps words out of specs that YAML 1.1, which
// kubectl reads, takes for something else (ADR 0005).
func TestFieldNamesAreStringsInYAML(t *testing.T) {
	words := []string{"y", "yes", "n", "no", "on", "off", "true", "false", "null"}
	for kind, crd := range readCRDs(t) {
		for _, path := range fieldsOf(specSchema(crd), "spec") {
			name := path[strings.LastIndex(path, ".")+1:]
			if slices.Contains(words, strings.ToLower(name)) {
				t.Errorf("%s %s: kubectl reads this name as something else", kind, path)
			}
		}
	}
}

// TestDefaults lists every default that an API server writes into a spec. Mesh
// and IngressController have none: what is absent on an Adopted one means
// hands off.
func TestDefaults(t *testing.T) {
	match := map[string]string{
		".path.type": `"PathPrefix"`, ".path.value": `"/"`,
		".headers[].type": `"Exact"`, ".queryParams[].type": `"Exact"`,
	}
	filter := map[string]string{
		".cors.maxAge": "5", ".requestRedirect.statusCode": "302", ".requestMirror.fraction.denominator": "100",
	}
	route := func(more map[string]string) map[string]string {
		all := maps.Clone(more)
		for path, value := range match {
			all["spec.rules[].matches[]"+path] = value
		}
		for path, value := range filter {
			all["spec.rules[].filters[]"+path] = value
		}
		all["spec.rules[].backendRefs[].weight"] = "1"
		return all
	}
	want := map[string]map[string]string{
		"Mesh": {}, "IngressController": {}, "IngressGateway": {},
		"TrafficSplit":    route(map[string]string{"spec.backendRefs[].weight": "1"}),
		"GatewayRoute":    route(map[string]string{}),
		"TrafficPolicy":   {"spec.onUnsupported": `"Reject"`, "spec.fault.delay.percent": "100", "spec.fault.abort.percent": "100"},
		"AccessPolicy":    {"spec.rules[].to[].paths[].type": `"PathPrefix"`, "spec.rules[].to[].paths[].value": `"/"`},
		"ExternalService": {"spec.resolution": `"DNS"`, "spec.scope": `"Namespace"`},
	}
	got := map[string]map[string]string{}
	for kind, crd := range readCRDs(t) {
		got[kind] = map[string]string{}
		collectDefaults(specSchema(crd), "spec", got[kind])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func collectDefaults(s apiextensionsv1.JSONSchemaProps, path string, into map[string]string) {
	if s.Default != nil {
		into[path] = string(s.Default.Raw)
	}
	if s.Items != nil {
		collectDefaults(*s.Items.Schema, path+"[]", into)
	}
	for name, property := range s.Properties {
		collectDefaults(property, path+"."+name, into)
	}
}
