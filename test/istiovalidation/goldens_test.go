package istiovalidation

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// accepted are the complaints that do not apply, each with the reason. One
// that occurs no more is to be removed.
var accepted = []struct{ code, kind, part, reason string }{
	{
		"IST0102", "Namespace", "not enabled for Istio injection",
		"a namespace that users leave outside the mesh is meant to be there; members get their label from us",
	},
	{
		"IST0118", "Service", "naming convention",
		"how users name the ports of their Services is theirs, and a gateway's is read by nobody",
	},
	{
		"IST0133", "AuthorizationPolicy", "will deny all traffic to TCP ports",
		"the IR means it: a Deny with methods or paths refuses all on ports that are not HTTP, where neither can be seen",
	},
	{
		"IST0133", "ServiceEntry", "addresses are required for ports serving TCP",
		"ExternalService names hosts; that such a port takes other connections along is said by ML2107",
	},
	{
		"IST0146", "Deployment", "image: auto",
		"the injector that fills in a gateway's image is part of no manifest",
	},
	{
		"IST0134", "ServiceEntry", "addresses are required",
		"as IST0133: one is of the validation, one of an analyzer",
	},
}

// translations are the cases of the translator and the example, by name.
func translations(t *testing.T) map[string]*Golden {
	t.Helper()
	files, err := filepath.Glob("../../translators/istio/testdata/*.out.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d golden files were found", len(files))
	}
	all := map[string]*Golden{"example bookinfo": example(t)}
	for _, file := range files {
		path := strings.TrimSuffix(file, ".out.yaml")
		if all[filepath.Base(path)], err = ReadGolden(path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	return all
}

// example is Bookinfo, translated as its README says with the program that
// users run.
func example(t *testing.T) *Golden {
	t.Helper()
	files, err := filepath.Glob("../../examples/bookinfo/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in the example: %v", len(files), err)
	}
	g := &Golden{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		g.Given = append(g.Given, parse(t, string(text))...)
	}
	translate := exec.CommandContext(t.Context(), "go", "run", "./cmd/meshctl", "translate", "-f", "examples/bookinfo", "--mesh", "istio", "--ingress", "istio")
	translate.Dir, translate.Stderr = "../..", os.Stderr
	out, err := translate.Output()
	if err != nil {
		t.Fatalf("translate the example: %v", err)
	}
	if g.Made = parse(t, string(out)); len(g.Made) < 5 {
		t.Errorf("only %d objects were made of the example", len(g.Made))
	}
	return g
}

func TestIstioAccepts(t *testing.T) {
	used := make([]bool, len(accepted))
	objects, all := 0, translations(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			g := all[name]
			for _, o := range g.Made {
				if !Istio(o) {
					continue
				}
				objects++
				if err := Validate(o); err != nil {
					t.Errorf("%s %s is refused: %v", o.GetKind(), o.GetName(), err)
				}
			}
			for _, m := range g.complaints(t) {
				if i := exception(m); i >= 0 {
					used[i] = true
				} else {
					t.Error(m.Text)
				}
			}
		})
	}
	for i, a := range accepted {
		if !used[i] {
			t.Errorf("%s of %s is accepted and occurs no more", a.code, a.kind)
		}
	}
	t.Logf("%d objects of %d translations", objects, len(all))
}

// TestReferencesOfGoldensAreFollowed is a test of the test: a golden without
// its surroundings, or without what other units make, is complained about.
func TestReferencesOfGoldensAreFollowed(t *testing.T) {
	for what, strip := range map[string]func(*Golden){
		"its surroundings":      func(g *Golden) { g.Given = nil },
		"what other units make": func(g *Golden) { g.Elsewhere = nil },
	} {
		g, err := ReadGolden("../../translators/istio/testdata/route")
		if err != nil {
			t.Fatal(err)
		}
		strip(g)
		missing := func(m Message) bool { return m.Code == "IST0101" }
		if !slices.ContainsFunc(g.complaints(t), missing) {
			t.Errorf("nothing is missing without %s", what)
		}
	}
}

// complaints are what the analyzers find in the golden's cluster.
func (g *Golden) complaints(t *testing.T) []Message {
	t.Helper()
	cluster := NewCluster()
	cluster.Apply(g.Given...)
	cluster.Apply(g.Made...)
	cluster.Add(g.Elsewhere...)
	if err := cluster.Settle(); err != nil {
		t.Fatal(err)
	}
	messages, err := Analyze(cluster)
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// exception is the index of what accepts the message, or -1.
func exception(m Message) int {
	for i, a := range accepted {
		if m.Code == a.code && strings.HasPrefix(m.Object, a.kind+" ") && strings.Contains(m.Text, a.part) {
			return i
		}
	}
	return -1
}
