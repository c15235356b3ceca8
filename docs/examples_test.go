// Package docs_test holds the documentation to what is in the tree: every
// example translates, every command runs, every link leads somewhere.
//
// In a page, a ```yaml block with objects of the unified API is laid over
// examples/bookinfo, where an object of the same name replaces that of the
// example, and translated for Istio without anything being rejected. Words
// after "yaml" say otherwise:
//
//	yaml refused ML1101   something is rejected, with this code
//	yaml invalid          the strict reader refuses it
//	yaml some/file.yaml   the block is also that file for the commands below it
//
// In a ```sh block, lines of meshctl that need no cluster are run in a copy of
// the examples, in order, one after the other in a page; they end with code 0
// or with that of a comment "# exits N". Of other lines it is checked that
// flags, targets of make and programs of go run exist.
package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/translators/all"
)

const (
	invalid = "invalid"
	refused = "refused"
)

// TestExamples runs what stands in the blocks of every page, in order.
func TestExamples(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	base := read(t, "../examples/bookinfo")
	translated, ran := 0, 0
	for _, p := range pages(t) {
		if !strings.HasPrefix(p.path, "docs/") && strings.Contains(p.path, "/") {
			continue
		}
		t.Run(p.path, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../examples")); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			s := shell{root: root, generated: strings.HasPrefix(p.path, "docs/reference/")}
			for _, b := range p.blocks {
				switch b.language {
				case "yaml":
					translated += example(t, base, b)
				case "sh":
					ran += s.script(t, b)
				}
			}
		})
	}
	if translated < 30 || ran < 10 {
		t.Errorf("only %d examples were translated and %d commands run", translated, ran)
	}
}

// example checks one block of YAML and returns how many objects of the unified
// API it has.
func example(t *testing.T, base []client.Object, b block) int {
	t.Helper()
	want := ""
	if len(b.words) > 0 {
		want = b.words[0]
	}
	if strings.HasSuffix(want, ".yaml") {
		save(t, want, b.text)
		want = ""
	}
	set, err := manifest.Reader{Stdin: strings.NewReader(b.text), Namespace: "bookinfo"}.Read(manifest.Stdin)
	if (err != nil) != (want == invalid) {
		t.Errorf("line %d: read: %v; the block is marked %q", b.line, err, want)
	}
	if err != nil {
		return 1
	}
	unified := 0
	objects := slices.Clone(base)
	for _, o := range set.Objects {
		if slices.Contains(kinds.Unified(), o.GetObjectKind().GroupVersionKind()) {
			unified++
		}
		objects = overlay(objects, o.Object)
	}
	if unified == 0 {
		return 0
	}
	code, report := validate(t, objects)
	switch {
	case want != refused && code != cli.ExitOK:
		t.Errorf("line %d: exit code %d:\n%s", b.line, code, report)
	case want == refused && (code != cli.ExitFound || len(b.words) != 2 || !strings.Contains(report, b.words[1])):
		t.Errorf("line %d: exit code %d, want something rejected with %v:\n%s", b.line, code, b.words[1:], report)
	}
	return unified
}

func save(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []client.Object {
	t.Helper()
	set, err := manifest.Reader{}.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	objects := make([]client.Object, len(set.Objects))
	for i, o := range set.Objects {
		objects[i] = o.Object
	}
	return objects
}

// overlay adds an object, in the place of one of the same name.
func overlay(objects []client.Object, obj client.Object) []client.Object {
	same := func(o client.Object) bool { return kinds.RefOf(o) == kinds.RefOf(obj) }
	return append(slices.DeleteFunc(slices.Clone(objects), same), obj)
}

// validate has meshctl judge the objects for Istio.
func validate(t *testing.T, objects []client.Object) (code int, report string) {
	t.Helper()
	items := make([]map[string]any, len(objects))
	for i, obj := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
		if err != nil {
			t.Fatal(err)
		}
		delete(content, "status")
		items[i] = content
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	if err != nil {
		t.Fatal(err)
	}
	return meshctl(t, string(data), "validate", "-f", "-", "--mesh", "istio", "--ingress", "istio")
}

// meshctl runs it and returns its exit code and all that it printed.
func meshctl(t *testing.T, stdin string, args ...string) (code int, output string) {
	t.Helper()
	var out bytes.Buffer
	code = cli.Main(t.Context(), cli.Config{Providers: all.Providers(), In: strings.NewReader(stdin), Out: &out, Err: &out}, args)
	return code, fmt.Sprintf("meshctl %s\n%s", strings.Join(args, " "), out.String())
}
