package arch

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRepository holds this repository to every rule.
func TestRepository(t *testing.T) {
	tree, err := Load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) < 20 {
		t.Fatalf("only %d files were read: is this the root of the repository?", len(tree.Files))
	}
	for _, rule := range Rules {
		t.Run(rule.Name, func(t *testing.T) {
			for _, finding := range rule.Check(tree) {
				t.Error(finding)
			}
		})
	}
}

const doc = "// Package p is here to be checked.\n"

// cases break one rule each, or look as if they did. want is a part of the
// only finding, or "" where there must be none.
var cases = []struct {
	rule, name, path, text, want string
}{
	{"mesh names stay home", "string in a controller", "controllers/a.go", doc + "package p\n\nconst x = \"istio-injection\"\n", "names istio"},
	{"mesh names stay home", "comment", "internal/apply/a.go", doc + "package p\n\n// as Linkerd does\n", "names linkerd"},
	{"mesh names stay home", "two words", "internal/a.go", doc + "package p\n\n// Envoy Gateway\n", "names envoygateway"},
	{"mesh names stay home", "file that is not Go", "install/chart/values.yaml", "class: nginx\n", "names nginx"},
	{"mesh names stay home", "another mesh's folder", "translators/istio/a.go", doc + "package p\n\nvar consulOnly = 1\n", "names consul"},
	{"mesh names stay home", "the seam", "translators/translators.go", doc + "package p\n\n// istio\n", "names istio"},
	{"mesh names stay home", "code in the API", "apis/v1alpha1/a.go", doc + "package p\n\nfunc f(s string) bool { return s == \"Istio\" }\n", "names istio"},
	{"mesh names stay home", "own folder", "translators/istio/a.go", doc + "package p\n\n// istio\n", ""},
	{"mesh names stay home", "enum of the API", "apis/v1alpha1/a.go", doc + "package p\n\n// MeshProviderIstio is Istio.\nconst MeshProviderIstio MeshProvider = \"Istio\"\n", ""},
	{"mesh names stay home", "enum in a block", "apis/v1alpha1/a.go", doc + "package p\n\nconst (\n\tMeshProviderIstio MeshProvider = \"Istio\"\n)\n", ""},
	{"mesh names stay home", "the list", "translators/all/all.go", doc + "package all\n\n// istio\n", ""},
	{"mesh names stay home", "a test", "controllers/a_test.go", "package p\n\n// istio\n", ""},
	{"mesh names stay home", "example of a command", "internal/cli/a.go", doc + "package p\n\nconst x = `\n  # on Istio\n  meshctl translate --mesh istio`\n", ""},
	{"mesh names stay home", "default of a flag", "internal/cli/a.go", doc + "package p\n\nconst mesh = \"istio\"\n", "names istio"},
	{"mesh names stay home", "another word", "internal/a.go", doc + "package p\n\n// consult, consulting\n", ""},

	{"translators are pure", "client-go below", "translators/istio/a.go", doc + "package p\n\nimport _ \"k8s.io/client-go/rest\"\n", "never talk to a cluster"},
	{"translators are pure", "controller-runtime", "translators/ir/a.go", doc + "package p\n\nimport _ \"sigs.k8s.io/controller-runtime\"\n", "pkg/client"},
	{"translators are pure", "environment", "translators/istio/a.go", doc + "package p\n\nimport _ \"os\"\n", "no files"},
	{"translators are pure", "through a package of ours", "translators/istio/a.go", doc + "package p\n\nimport _ \"" + Module + "/internal/apply\"\n", "uses only apis"},
	{"translators are pure", "the types of installing", "install/install.go", doc + "package p\n\nimport _ \"net/http\"\n", "no network"},
	{"translators are pure", "objects", "translators/a.go", doc + "package p\n\nimport _ \"sigs.k8s.io/controller-runtime/pkg/client\"\n", ""},
	{"translators are pure", "harness", "translators/translatortest/a.go", doc + "package p\n\nimport _ \"os\"\n", ""},
	{"translators are pure", "what installs", "install/helm/a.go", doc + "package p\n\nimport _ \"os\"\n", ""},

	{"go.mod replaces nothing", "a line", "go.mod", "module m\n\nreplace a => b v1.0.0\n", "replaces a module"},
	{"go.mod replaces nothing", "in a block", "go.mod", "module m\n\nreplace (\n\ta v1.0.0 => b v1.0.0\n)\n", "replaces a module"},
	{"go.mod replaces nothing", "a tool's module", "hack/tools/x/go.mod", "module m\n\nreplace a => b v1.0.0\n", ""},

	{"no init functions", "init", "a.go", doc + "package p\n\nfunc init() {}\n", "declares init"},
	{"no init functions", "method of that name", "a.go", doc + "package p\n\ntype t int\n\nfunc (t) init() {}\n", ""},

	{"packages are named after what they hold", "package", "internal/a/a.go", doc + "package utils\n", "says nothing"},
	{"packages are named after what they hold", "folder", "internal/common/a.go", doc + "package p\n", "says nothing"},
	{"packages are named after what they hold", "noun", "internal/apply/a.go", doc + "package apply\n", ""},

	{"packages say what they are", "none", "a/a.go", "package a\n", "no doc comment"},
	{"packages say what they are", "comment apart from the clause", "a/a.go", "// Package a is.\n\npackage a\n", "no doc comment"},
	{"packages say what they are", "doc", "a/a.go", "// Package a is.\npackage a\n", ""},

	{"files are small", "501 lines", "a.go", doc + "package p\n" + strings.Repeat("\n", 499), "501 lines"},
	{"files are small", "500 lines", "a.go", doc + "package p\n" + strings.Repeat("\n", 498), ""},
	{"files are small", "generated", "a.go", "// Code generated by x. DO NOT EDIT.\n\npackage p\n" + strings.Repeat("\n", 600), ""},

	{"functions are short", "81 lines", "a.go", doc + "package p\n\nfunc f() {\n" + strings.Repeat("\n", 81) + "}\n", "f has 81 lines"},
	{"functions are short", "80 lines", "a.go", doc + "package p\n\nfunc f() {\n" + strings.Repeat("\n", 80) + "}\n", ""},
	{"functions are short", "table of a test", "a_test.go", "package p\n\nfunc f() {\n" + strings.Repeat("\n", 81) + "}\n", ""},

	{"folders are shallow", "four", "a/b/c/d/a.go", doc + "package d\n", "4 folders deep"},
	{"folders are shallow", "three", "a/b/c/a.go", doc + "package c\n", ""},

	{"nothing is left for later", "marker", "a.go", doc + "package p\n\n// TODO: more\n", "TODO"},
	{"nothing is left for later", "string", "a.go", doc + "package p\n\nconst x = \"TODO\"\n", ""},
	{"nothing is left for later", "part of a word", "a.go", doc + "package p\n\n// HACKNEY\n", ""},

	{"tests do not skip", "skip", "a_test.go", "package p\n\nfunc TestA(t *testing.T) { t.Skip() }\n", "skips a test"},
	{"tests do not skip", "engine", "a_test.go", "//go:build e2e\n\npackage p\n\nfunc TestA(t *testing.T) { t.Skip() }\n", ""},
	{"tests do not skip", "fuzz input", "a_test.go", "package p\n\nfunc FuzzA(f *testing.F) { f.Fuzz(func(t *testing.T, s string) { t.Skip() }) }\n", ""},
}

// TestRules shows that each rule finds what it is for, and no more.
func TestRules(t *testing.T) {
	broken := map[string]bool{}
	for _, c := range cases {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			broken[c.rule] = broken[c.rule] || c.want != ""
			found := check(t, c.rule, c.path, c.text)
			switch {
			case c.want == "" && len(found) > 0:
				t.Errorf("found %v, want nothing", found)
			case c.want != "" && (len(found) != 1 || !strings.Contains(found[0].Message, c.want)):
				t.Errorf("found %v, want one with %q", found, c.want)
			}
		})
	}
	for _, rule := range Rules {
		if !broken[rule.Name] {
			t.Errorf("no case breaks the rule %q", rule.Name)
		}
	}
}

// check runs one rule on a tree of one file.
func check(t *testing.T, rule, path, text string) []Finding {
	t.Helper()
	tree, err := Load(fstest.MapFS{path: {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Rules {
		if r.Name == rule {
			return r.Check(tree)
		}
	}
	t.Fatalf("there is no rule %q", rule)
	return nil
}

// TestLoadLeavesOut shows that what is not ours is not read.
func TestLoadLeavesOut(t *testing.T) {
	tree, err := Load(fstest.MapFS{
		".git/config":               {Data: []byte("istio")},
		"bin/x":                     {Data: []byte("istio")},
		"console/node_modules/a.js": {Data: []byte("istio")},
		"image.png":                 {Data: []byte{0x89, 0}},
		".ci/run":                   {Data: []byte("echo\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Files) != 1 || tree.Files[0].Path != ".ci/run" {
		t.Errorf("read %d files, want .ci/run only", len(tree.Files))
	}
}
