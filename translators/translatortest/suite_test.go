package translatortest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// The mesh of these tests writes down what it is told, as one string.
var echoKind = schema.GroupVersionKind{Group: "mesh.test", Version: "v1", Kind: "Echo"}

const echoDefinition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: echoes.mesh.test}
spec:
  group: mesh.test
  names: {kind: Echo, plural: echoes}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            required: [told]
            x-kubernetes-validations:
            - {rule: "self.told != 'nonsense'", message: "nonsense"}
            properties:
              told: {type: string}
`

func echo(told any) translators.Result {
	data, err := json.Marshal(told)
	if err != nil {
		data = []byte(err.Error())
	}
	return echoText(string(data))
}

func echoText(told string) translators.Result {
	obj := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"told": told}}}
	obj.SetGroupVersionKind(echoKind)
	obj.SetNamespace(Namespace)
	obj.SetName("told")
	return translators.Result{Objects: []translators.Object{{Object: obj, Sources: []ir.Source{source("TrafficSplit", "reviews", "")}}}}
}

// echoMesh supports all that a mesh can be asked for.
func echoMesh() translators.Provider {
	return translators.Provider{
		Name: "Test", Variants: []translators.Variant{{Name: "test", Mesh: true}}, Kinds: []schema.GroupVersionKind{echoKind},
		Supports: func(translators.Env) map[ir.Feature]translators.Support {
			table := map[ir.Feature]translators.Support{}
			for _, info := range ir.Features() {
				if info.Mesh() {
					table[info.Feature] = translators.Support{Level: translators.Native}
				}
			}
			return table
		},
		Mesh: &translators.MeshTranslator{
			Service:   func(_ translators.Env, u *ir.ServiceUnit) translators.Result { return echo(u) },
			Access:    func(_ translators.Env, u *ir.AccessUnit) translators.Result { return echo(u) },
			Namespace: func(_ translators.Env, u *ir.NamespaceUnit) translators.Result { return echo(u) },
			External:  func(_ translators.Env, u *ir.ExternalUnit) translators.Result { return echo(u) },
		},
	}
}

func echoSuite(t *testing.T, p translators.Provider) *Suite {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal([]byte(echoDefinition), crd); err != nil {
		t.Fatal(err)
	}
	return &Suite{Provider: p, Definitions: []*apiextensionsv1.CustomResourceDefinition{crd}}
}

// problems are all that Run would report, but for golden files.
func (s *Suite) problems() []string {
	out := s.compile()
	for _, env := range s.envs() {
		variant, _ := s.variant(env)
		out = append(out, s.answers(env, variant)...)
		for _, sample := range Samples() {
			if sample.Kind != ir.KindRoute && sample.Kind != ir.KindGateway {
				for _, problem := range s.sample(env, &sample) {
					out = append(out, string(sample.Feature)+": "+problem)
				}
			}
		}
		out = append(out, s.random(env)...)
	}
	return out
}

func TestAGoodProviderPasses(t *testing.T) {
	if problems := echoSuite(t, echoMesh()).problems(); len(problems) > 0 {
		t.Errorf("problems: %s", strings.Join(problems, "\n"))
	}
}

// Each provider has one fault, which the harness has to find.
func TestFaultsAreFound(t *testing.T) {
	changed := func(change func(*translators.Provider)) translators.Provider {
		p := echoMesh()
		change(&p)
		return p
	}
	serviceThat := func(f func(*ir.ServiceUnit) translators.Result) translators.Provider {
		return changed(func(p *translators.Provider) {
			p.Mesh.Service = func(_ translators.Env, u *ir.ServiceUnit) translators.Result { return f(u) }
		})
	}
	supporting := func(change func(map[ir.Feature]translators.Support)) translators.Provider {
		return changed(func(p *translators.Provider) {
			supports := p.Supports
			p.Supports = func(env translators.Env) map[ir.Feature]translators.Support {
				table := supports(env)
				change(table)
				return table
			}
		})
	}
	edited := func(change func(*translators.Object)) translators.Provider {
		return serviceThat(func(u *ir.ServiceUnit) translators.Result {
			r := echo(u)
			change(&r.Objects[0])
			return r
		})
	}
	calls := 0
	tests := []struct {
		name     string
		provider translators.Provider
		says     string
	}{
		{"a feature is ignored", serviceThat(func(u *ir.ServiceUnit) translators.Result {
			u = Clone(u)
			for i := range u.Ports[0].Routes {
				u.Ports[0].Routes[i].Fault = nil
			}
			return echo(u)
		}), "FaultDelay: it is Native, and a unit is translated as if it were not asked for"},
		{"a feature is refused that is supported", serviceThat(func(u *ir.ServiceUnit) translators.Result {
			r := echo(u)
			for _, line := range u.Ports[0].Routes {
				if line.Match.Method != "" {
					r.Issues = append(r.Issues, ir.Issue{Effect: ir.EffectRejected, Message: "no methods"})
				}
			}
			return r
		}), "MatchMethod: it is Native, and the translation refuses it: no methods"},
		{"a feature is not answered", supporting(func(m map[ir.Feature]translators.Support) { delete(m, ir.RetryCodes) }), "RetryCodes is not answered"},
		{"a feature of others is answered", supporting(func(m map[ir.Feature]translators.Support) {
			m[ir.GatewayHTTP] = translators.Support{Level: translators.Native}
		}), "ListenerHTTP is answered and cannot occur"},
		{"nobody is told why", supporting(func(m map[ir.Feature]translators.Support) {
			m[ir.CORSPolicy] = translators.Support{Level: translators.Emulated}
		}), "CORS is Emulated and nobody is told why"},
		{"units are not translated", changed(func(p *translators.Provider) { p.Mesh.External = nil }), "ExternalHost: it is Native, and units of the kind are not translated"},
		{"a kind is not declared", edited(func(o *translators.Object) {
			o.GetObjectKind().SetGroupVersionKind(echoKind.GroupVersion().WithKind("Other"))
		}), "which the provider does not declare"},
		{"a kind has no definition", changed(func(p *translators.Provider) { p.Kinds = append(p.Kinds, echoKind.GroupVersion().WithKind("Other")) }), "its definition is not given"},
		{"no kinds", changed(func(p *translators.Provider) { p.Kinds = nil }), "declares no kinds"},
		{"a field is not known", edited(func(o *translators.Object) { set(o, "x", "spec", "extra") }), "unknown field spec.extra"},
		{"a value is of the wrong type", edited(func(o *translators.Object) { set(o, int64(1), "spec", "told") }), "spec.told: Invalid value"},
		{"a rule is broken", edited(func(o *translators.Object) { set(o, "nonsense", "spec", "told") }), "nonsense"},
		{"a namespace is missing", edited(func(o *translators.Object) { o.SetNamespace("") }), `its namespace is ""`},
		{"sources are missing", edited(func(o *translators.Object) { o.Sources = nil }), "does not say which object it came from"},
		{"an object is made twice", serviceThat(func(u *ir.ServiceUnit) translators.Result {
			r := echo(u)
			r.Objects = append(r.Objects, r.Objects[0])
			return r
		}), "is made twice"},
		{"the unit is changed", serviceThat(func(u *ir.ServiceUnit) translators.Result {
			slices.Reverse(u.Ports[0].Routes)
			return echo(u)
		}), "the translation changed the unit"},
		{"the result is not repeatable", serviceThat(func(*ir.ServiceUnit) translators.Result {
			calls++
			return echo(calls)
		}), "translated differently"},
		{"a contribution to nothing", serviceThat(func(u *ir.ServiceUnit) translators.Result {
			r := echo(u)
			r.Contributions = []translators.Contribution{{Value: "x"}}
			return r
		}), "does not say to what"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			problems := echoSuite(t, tt.provider).problems()
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, tt.says) }) {
				t.Errorf("problems %q, want one that says %q", problems, tt.says)
			}
		})
	}
}

func set(o *translators.Object, value any, path ...string) {
	if u, ok := o.Object.(*unstructured.Unstructured); ok {
		if err := unstructured.SetNestedField(u.Object, value, path...); err != nil {
			panic(err)
		}
	}
}
