package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// copied are the parts of our kinds that are shapes of Gateway API, each with
// the place of the original: a kind and a path in it. [] is a list's item.
var copied = []struct{ ours, upstream string }{
	{"GatewayRoute spec", "httproutes spec"},
	{"TrafficSplit spec.rules[]", "httproutes spec.rules[]"},
	{"TrafficPolicy spec.timeouts", "httproutes spec.rules[].timeouts"},
	{"TrafficPolicy spec.retry", "httproutes spec.rules[].retry"},
	{"TrafficPolicy spec.targetRefs[]", "backendtlspolicies spec.targetRefs[]"},
	{"IngressGateway spec.listeners[]", "gateways spec.listeners[]"},
	{"IngressGateway status.addresses[]", "gateways status.addresses[]"},
	{"AccessPolicy spec.rules[].to[].paths[]", "httproutes spec.rules[].matches[].path"},
}

// TestGatewayAPIDifferences compares our copies with the schemas of the
// Gateway API release that go.mod names, experimental fields included. Every
// difference is in testdata/gatewayapi.yaml with its reason; one that is not,
// such as a field new upstream, fails the test, and so does one that is gone.
func TestGatewayAPIDifferences(t *testing.T) {
	var reasons map[string]map[string]string
	readYAML(t, filepath.Join("testdata", "gatewayapi.yaml"), &reasons)
	ours := readCRDs(t)
	for _, c := range copied {
		t.Run(c.ours, func(t *testing.T) {
			kind, path, _ := strings.Cut(c.ours, " ")
			plural, original, _ := strings.Cut(c.upstream, " ")
			found := differences("", part(t, ours[kind], path), part(t, readUpstream(t, plural), original))
			explained := reasons[c.ours]
			for _, difference := range found {
				if explained[difference] == "" {
					t.Errorf("not explained: %s", difference)
				}
			}
			for difference := range explained {
				if !slices.Contains(found, difference) {
					t.Errorf("explained, but not found: %s", difference)
				}
			}
		})
	}
}

// readUpstream returns a definition from the Gateway API module itself.
func readUpstream(t *testing.T, plural string) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "sigs.k8s.io/gateway-api").Output()
	if err != nil {
		t.Fatalf("find the Gateway API module: %v", err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "config/crd/experimental/gateway.networking.k8s.io_"+plural+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(text, crd); err != nil {
		t.Fatal(err)
	}
	return crd
}

// part returns the schema of one part of a definition's v1 or v1alpha1.
func part(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition, path string) apiextensionsv1.JSONSchemaProps {
	t.Helper()
	i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool {
		return v.Name == "v1" || v.Name == "v1alpha1"
	})
	schema := *crd.Spec.Versions[i].Schema.OpenAPIV3Schema
	for step := range strings.SplitSeq(path, ".") {
		name, isList := strings.CutSuffix(step, "[]")
		property, ok := schema.Properties[name]
		if !ok {
			t.Fatalf("%s has no %s", crd.Name, path)
		}
		if schema = property; isList {
			schema = *property.Items.Schema
		}
	}
	return schema
}

// differences lists what differs between two schemas, CEL rules left out:
// ours speak to users in other words.
func differences(path string, ours, upstream apiextensionsv1.JSONSchemaProps) []string {
	if ours.Type == "array" && upstream.Type == "array" {
		found := compare(path, ours, upstream)
		return append(found, differences(path+"[]", *ours.Items.Schema, *upstream.Items.Schema)...)
	}
	found := compare(path, ours, upstream)
	names := map[string]bool{}
	for _, properties := range []map[string]apiextensionsv1.JSONSchemaProps{ours.Properties, upstream.Properties} {
		for name := range properties {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		our, isOurs := ours.Properties[name]
		their, isTheirs := upstream.Properties[name]
		inner := strings.TrimPrefix(path+"."+name, ".")
		switch {
		case !isTheirs:
			found = append(found, inner+": ours only")
		case !isOurs:
			found = append(found, inner+": upstream only")
		default:
			found = append(found, differences(inner, our, their)...)
		}
	}
	return found
}

// compare lists what differs between two schemas themselves.
func compare(path string, ours, upstream apiextensionsv1.JSONSchemaProps) []string {
	var found []string
	our, their := traits(ours), traits(upstream)
	for _, name := range slices.Sorted(maps.Keys(our)) {
		if our[name] != their[name] {
			found = append(found, strings.TrimSpace(fmt.Sprintf("%s: %s %s, upstream %s", path, name, our[name], their[name])))
		}
	}
	return found
}

// traits are what matters of a schema beside its properties.
func traits(s apiextensionsv1.JSONSchemaProps) map[string]string {
	var enum []string
	for _, value := range s.Enum {
		enum = append(enum, string(value.Raw))
	}
	slices.Sort(enum)
	required := slices.Sorted(slices.Values(s.Required))
	var byDefault, listType string
	if s.Default != nil {
		byDefault = string(s.Default.Raw)
	}
	if s.XListType != nil {
		listType = *s.XListType
	}
	return map[string]string{
		"type": s.Type, "pattern": s.Pattern, "default": orNone(byDefault), "listType": orNone(listType),
		"keys": orNone(strings.Join(s.XListMapKeys, " ")), "enum": orNone(strings.Join(enum, " ")), "required": orNone(strings.Join(required, " ")),
		"minLength": number(s.MinLength), "maxLength": number(s.MaxLength), "minItems": number(s.MinItems), "maxItems": number(s.MaxItems),
		"minimum": number(s.Minimum), "maximum": number(s.Maximum), "minProperties": number(s.MinProperties), "maxProperties": number(s.MaxProperties),
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func number[N int64 | float64](n *N) string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(*n)
}
