package translatortest

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	crdschema "github.com/meshloom/meshloom/internal/schema"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Suite is what the harness has to know of a provider.
type Suite struct {
	Provider translators.Provider
	// Partners are further providers that golden cases name: the other sides of
	// pairings.
	Partners []translators.Provider
	// Definitions describe every kind that the provider emits, but those of
	// Kubernetes itself, and but Undefined.
	Definitions []*apiextensionsv1.CustomResourceDefinition
	// Undefined are groups whose definitions cannot be had everywhere, with the
	// reason. Where Definitions lack them, the suite says so and does not check
	// objects of these groups against a schema.
	Undefined map[string]string
	// Envs are checked besides each variant in its newest version.
	Envs []translators.Env
	// Implicit are supported features for which nothing has to be written, with
	// the reason.
	Implicit map[ir.Feature]string
	// Elsewhere are features of connections to a Service for which the service unit
	// writes nothing, by the kind of unit that does.
	Elsewhere map[ir.Feature]ir.UnitKind
	// Dir holds the golden cases; "testdata" where empty.
	Dir string

	schemas map[schema.GroupVersionKind]*crdschema.Kind
}

// Run proves of a provider what the seam promises: golden cases come out as
// written down, whatever the order of the input; only declared kinds are made,
// valid by their definitions and with their sources; every feature is answered
// as the matrix says; and nothing that is given is changed. With -update the
// golden files are written anew.
func Run(t *testing.T, s Suite) {
	t.Helper()
	if s.Dir == "" {
		s.Dir = "testdata"
	}
	report(t, s.compile())
	for _, gvk := range s.unchecked() {
		t.Logf("NOT RUN: objects of the kind %s are not checked against a schema: %s", gvk.Kind, s.Undefined[gvk.Group])
	}
	t.Run("golden", s.golden)
	for _, v := range s.Provider.Variants {
		t.Run("cells/"+v.Name, func(t *testing.T) { s.cells(t, v) })
	}
	for _, env := range s.envs() {
		name := env.Variant
		if env.Version != "" {
			name += "-" + env.Version
		}
		t.Run("features/"+name, func(t *testing.T) { s.features(t, env) })
		t.Run("random/"+name, func(t *testing.T) { report(t, s.random(env)) })
	}
}

func report(t *testing.T, problems []string) {
	t.Helper()
	for _, problem := range problems {
		t.Error(problem)
	}
}

// envs are the environments to check: each variant, and what the suite names.
func (s *Suite) envs() []translators.Env {
	var out []translators.Env
	for _, v := range s.Provider.Variants {
		out = append(out, translators.Env{Variant: v.Name})
	}
	return append(out, s.Envs...)
}

// variant returns the variant of the environment.
func (s *Suite) variant(env translators.Env) (translators.Variant, bool) {
	for _, v := range s.Provider.Variants {
		if v.Name == env.Variant {
			return v, true
		}
	}
	return translators.Variant{}, false
}

// compile reads the definitions, and asks for one of every kind that the
// provider declares.
func (s *Suite) compile() []string {
	var problems []string
	if len(s.Provider.Kinds) == 0 {
		problems = append(problems, "the provider declares no kinds")
	}
	s.schemas = map[schema.GroupVersionKind]*crdschema.Kind{}
	for _, gvk := range s.Provider.Kinds {
		i := slices.IndexFunc(s.Definitions, func(crd *apiextensionsv1.CustomResourceDefinition) bool {
			return crd.Spec.Group == gvk.Group && crd.Spec.Names.Kind == gvk.Kind
		})
		if i < 0 && (builtIn(gvk) || s.Undefined[gvk.Group] != "") {
			continue
		}
		if i < 0 {
			problems = append(problems, fmt.Sprintf("%s is declared and its definition is not given: what is emitted could not be checked", gvk))
			continue
		}
		kind, err := crdschema.New(s.Definitions[i], gvk.Version)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		s.schemas[gvk] = kind
	}
	return problems
}

// unchecked are the kinds that no schema is known of.
func (s *Suite) unchecked() []schema.GroupVersionKind {
	var out []schema.GroupVersionKind
	for _, gvk := range s.Provider.Kinds {
		if s.schemas[gvk] == nil && !builtIn(gvk) {
			out = append(out, gvk)
		}
	}
	return out
}

// translate says the unit in the provider's words.
func (s *Suite) translate(env translators.Env, u *ir.Unit) translators.Result {
	mesh, ingress := s.Provider.Mesh, s.Provider.Ingress
	switch {
	case u.Service != nil && mesh != nil && mesh.Service != nil:
		return mesh.Service(env, u.Service)
	case u.Access != nil && mesh != nil && mesh.Access != nil:
		return mesh.Access(env, u.Access)
	case u.Namespace != nil && mesh != nil && mesh.Namespace != nil:
		return mesh.Namespace(env, u.Namespace)
	case u.Mesh != nil && mesh != nil && mesh.Mesh != nil:
		return mesh.Mesh(env, u.Mesh)
	case u.External != nil && mesh != nil && mesh.External != nil:
		return mesh.External(env, u.External)
	case u.Gateway != nil && ingress != nil && ingress.Gateway != nil:
		return ingress.Gateway(env, u.Gateway, translators.Pairing{Mode: translators.Plain})
	case u.Route != nil && ingress != nil && ingress.Route != nil:
		return ingress.Route(env, u.Route, translators.Pairings{})
	}
	return translators.Result{}
}

// offers says whether the provider translates units of the kind.
func (s *Suite) offers(kind ir.UnitKind) bool {
	mesh, ingress := s.Provider.Mesh, s.Provider.Ingress
	switch kind {
	case ir.KindService:
		return mesh != nil && mesh.Service != nil
	case ir.KindAccess:
		return mesh != nil && mesh.Access != nil
	case ir.KindNamespace:
		return mesh != nil && mesh.Namespace != nil
	case ir.KindMesh:
		return mesh != nil && mesh.Mesh != nil
	case ir.KindExternal:
		return mesh != nil && mesh.External != nil
	case ir.KindGateway:
		return ingress != nil && ingress.Gateway != nil
	case ir.KindRoute:
		return ingress != nil && ingress.Route != nil
	}
	return false
}
