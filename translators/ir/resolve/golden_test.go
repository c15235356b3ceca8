package resolve

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden is what a case comes to.
type golden struct {
	Units  []goldenUnit  `json:"units,omitempty"`
	Checks []goldenCheck `json:"checks,omitempty"`
}

type goldenUnit struct {
	ir.Unit
	Issues []ir.Issue `json:"issues,omitempty"`
}

type goldenCheck struct {
	Object       string           `json:"object"`
	Participants []ir.Participant `json:"participants,omitempty"`
	Issues       []ir.Issue       `json:"issues,omitempty"`
}

// directives are the comments at the head of a case: "# with: a, b" takes
// testdata/with/a.yaml and b.yaml in; "# units: service" shows units of these
// kinds only; "# exclude: Kind/namespace/name field" excludes.
type directives struct {
	with, units []string
	exclude     Exclusions
}

// TestGolden resolves each testdata/<case>.in.yaml to <case>.out.yaml.
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(cases) < 50 {
		t.Fatalf("found %d cases: %v", len(cases), err)
	}
	for _, in := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(in), ".in.yaml"), func(t *testing.T) {
			data := readFile(t, in)
			d := parseDirectives(t, data)
			var objects []client.Object
			for _, name := range d.with {
				objects = append(objects, decode(t, readFile(t, filepath.Join("testdata/with", name+".yaml")))...)
			}
			objects = append(objects, decode(t, data)...)
			store := NewStore(testOptions)
			for _, obj := range objects {
				store.Upsert(obj)
			}
			compare(t, strings.TrimSuffix(in, ".in.yaml")+".out.yaml", compactYAML(t, outcome(store, d)))
		})
	}
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(readFile(t, path)), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; go test -update writes it):\n%s", path, diff)
	}
}

func outcome(store *Store, d directives) golden {
	var g golden
	for _, key := range store.Keys() {
		if len(d.units) > 0 && !slices.Contains(d.units, string(key.Kind)) {
			continue
		}
		unit, issues := store.Resolve(key, d.exclude)
		if unit == nil {
			unit = &ir.Unit{Key: key}
			issues = []ir.Issue{{Message: "MISSING UNIT"}}
		}
		g.Units = append(g.Units, goldenUnit{*unit, issues})
	}
	for _, ref := range unifiedRefs(store) {
		if parts, issues := store.Check(ref); len(parts)+len(issues) > 0 {
			g.Checks = append(g.Checks, goldenCheck{ref.String(), parts, issues})
		}
	}
	return g
}

var unifiedKinds = []string{
	v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
	v1alpha1.KindGatewayRoute, v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindExternalService,
}

func unifiedRefs(store *Store) []ir.Ref {
	var refs []ir.Ref
	for _, kind := range unifiedKinds {
		refs = append(refs, store.Refs(kind)...)
	}
	return refs
}

func parseDirectives(t *testing.T, data []byte) directives {
	t.Helper()
	var d directives
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# "), ": ")
		if !strings.HasPrefix(line, "#") || !ok {
			continue
		}
		switch name {
		case "with":
			d.with = strings.Split(value, ", ")
		case "units":
			d.units = strings.Split(value, ", ")
		case "exclude":
			object, field, _ := strings.Cut(value, " ")
			parts := strings.Split(object, "/")
			if len(parts) != 3 {
				t.Fatalf("bad directive %q", line)
			}
			d.exclude = d.exclude.With(ir.Ref{Kind: parts[0], Namespace: parts[1], Name: parts[2]}, field)
		}
	}
	return d
}

// testOptions know one provider's proxy, a container called proxy, and one
// provider that needs all that can be needed.
var testOptions = Options{
	Needs: func(provider string) Needs {
		needs := provider == "Linkerd"
		return Needs{Services: needs, Callers: needs, Namesakes: needs, Reach: needs, Serving: needs, RateLimit: needs}
	},
	Proxied: func(_ string, w ir.Workload) bool { return slices.Contains(w.Containers, "proxy") },
	ControlPlaneNamespace: func(provider string) string {
		return strings.ToLower(provider) + "-system"
	},
	Controller: func(provider string) (namespace, class string) {
		return strings.ToLower(provider) + "-ingress", strings.ToLower(provider)
	},
	Member: func(_ *v1alpha1.Mesh, ns *corev1.Namespace) bool {
		return ns.Labels["example.com/inject"] == "true"
	},
	Gateways:    func(provider string) bool { return provider == "Traefik" },
	Annotations: []string{"example.com/mark"},
}

func testScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, appsv1.AddToScheme, gatewayv1.Install, gatewayv1beta1.Install,
	} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return scheme
}

var decoder = serializer.NewCodecFactory(testScheme(), serializer.EnableStrict).UniversalDeserializer()

func decode(t testing.TB, data []byte) []client.Object {
	t.Helper()
	var objects []client.Object
	for _, doc := range bytes.Split(append([]byte("\n"), data...), []byte("\n---")) {
		if len(bytes.TrimSpace(stripComments(doc))) == 0 {
			continue
		}
		obj, _, err := decoder.Decode(doc, nil, nil)
		if err != nil {
			t.Fatalf("decode %s: %v", doc, err)
		}
		objects = append(objects, obj.(client.Object))
	}
	return objects
}

func stripComments(doc []byte) []byte {
	var kept []byte
	for line := range bytes.Lines(doc) {
		if !bytes.HasPrefix(line, []byte("#")) {
			kept = append(kept, line...)
		}
	}
	return kept
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
