package matrix_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/matrix"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

var specs = map[string]reflect.Type{
	"Mesh":              reflect.TypeFor[v1alpha1.MeshSpec](),
	"IngressController": reflect.TypeFor[v1alpha1.IngressControllerSpec](),
	"IngressGateway":    reflect.TypeFor[v1alpha1.IngressGatewaySpec](),
	"TrafficSplit":      reflect.TypeFor[v1alpha1.TrafficSplitSpec](),
	"GatewayRoute":      reflect.TypeFor[v1alpha1.GatewayRouteSpec](),
	"TrafficPolicy":     reflect.TypeFor[v1alpha1.TrafficPolicySpec](),
	"AccessPolicy":      reflect.TypeFor[v1alpha1.AccessPolicySpec](),
	"ExternalService":   reflect.TypeFor[v1alpha1.ExternalServiceSpec](),
}

// leaves lists the fields below a type that hold a value.
func leaves(typ reflect.Type, path string) []string {
	for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
		if typ.Kind() == reflect.Slice {
			path += "[]"
		}
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || typ.PkgPath() != specs["Mesh"].PkgPath() || typ.NumField() == 0 {
		return []string{path}
	}
	var out []string
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		below := strings.TrimPrefix(path+"."+name, ".")
		if name == "" {
			below = path
		}
		out = append(out, leaves(field.Type, below)...)
	}
	return out
}

// TestEveryUnifiedFieldHasAVerdict fails for a field of the API that nothing
// answers, and for an answer to none.
func TestEveryUnifiedFieldHasAVerdict(t *testing.T) {
	answered := map[string]bool{}
	for _, f := range matrix.Fields() {
		name := f.Kind + "." + f.Path
		if answered[name] {
			t.Errorf("%s is answered twice", name)
		}
		answered[name] = true
		if (len(f.Features) == 0) == (f.Everywhere == "") {
			t.Errorf("%s needs features, or a reason why it has none", name)
		}
	}
	for kind, spec := range specs {
		for _, path := range leaves(spec, "") {
			if name := kind + "." + path; !answered[name] {
				t.Errorf("%s is answered by nothing: add it to the fields of package matrix", name)
			} else {
				delete(answered, name)
			}
		}
	}
	for name := range answered {
		t.Errorf("%s is answered and does not exist", name)
	}
}

// TestEveryMeshAnswersEveryField demands a verdict of each column for the
// fields that can be asked of it.
func TestEveryMeshAnswersEveryField(t *testing.T) {
	m := matrix.Of(all.Providers())
	routing := []string{"TrafficSplit", "TrafficPolicy", "AccessPolicy", "ExternalService"}
	for _, p := range all.Providers() {
		for _, v := range p.Variants {
			if v.Checked == "" {
				t.Errorf("%s does not say what its cells were checked against", v.Name)
			}
			for _, f := range matrix.Fields() {
				mesh := slices.Contains(routing, f.Kind) || f.Kind == "Mesh"
				if mesh == v.Mesh && m.Level(f, v.Name) == translators.Level("") {
					t.Errorf("%s has no verdict for %s.%s", v.Name, f.Kind, f.Path)
				}
			}
		}
	}
}
