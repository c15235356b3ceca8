package manifest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

const splitYAML = `apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: reviews, namespace: shop}
spec:
  service: {name: reviews}
  backendRefs:
  - {subset: {labels: {version: v1}}, weight: 75}
`

func TestReadErrors(t *testing.T) {
	tests := []struct {
		name, in string
		// want are parts of the error, all of which it must have.
		want []string
	}{
		{"unknown field", splitYAML + "  wieghts: 3\n", []string{"<stdin>:1", "TrafficSplit/shop/reviews", "spec.wieghts", "unknown field"}},
		{"unknown field below a list", strings.Replace(splitYAML, "weight: 75", "wait: 75", 1), []string{"spec.backendRefs[0].wait", "unknown field"}},
		{"wrong type", strings.Replace(splitYAML, "weight: 75", "weight: many", 1), []string{"TrafficSplit/shop/reviews", "spec.backendRefs[0].weight"}},
		{"CEL rule", strings.Replace(splitYAML, "weight: 75", "weight: 0", 1), []string{"TrafficSplit/shop/reviews", "weight"}},
		{"missing field", "apiVersion: meshloom.io/v1alpha1\nkind: TrafficSplit\nmetadata: {name: a}\nspec: {}\n", []string{"TrafficSplit/a", "spec.service"}},
		{"unknown kind of ours", strings.Replace(splitYAML, "TrafficSplit", "TrafficSpilt", 1), []string{"unknown kind TrafficSpilt", "TrafficPolicy"}},
		{"broken YAML names the document's line", "a: 1\n---\nb: [\n", []string{"<stdin>:1", "<stdin>:3"}},
		{"twice", splitYAML + "---\n" + splitYAML, []string{"<stdin>:9", "stands already at <stdin>:1"}},
		{"no object", "- 1\n- 2\n", []string{"not a Kubernetes object"}},
		{"no kind", "apiVersion: v1\n", []string{"apiVersion or kind is missing"}},
		{"a key twice", "apiVersion: v1\napiVersion: v2\nkind: Service\n", []string{"already set"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Reader{Stdin: strings.NewReader(tt.in)}.Read(Stdin)
			if err == nil {
				t.Fatalf("read %d objects, want an error", len(set.Objects))
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error lacks %q:\n%v", part, err)
				}
			}
		})
	}
}

func TestReadFillsDefaultsAndNamespace(t *testing.T) {
	in := strings.Replace(splitYAML, ", namespace: shop", "", 1)
	set, err := Reader{Stdin: strings.NewReader("# only a comment\n---\n" + in), Namespace: "here"}.Read(Stdin)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := set.Objects[0].Object.(*v1alpha1.TrafficSplit)
	if !ok || len(set.Objects) != 1 {
		t.Fatalf("read %d objects, first %T", len(set.Objects), set.Objects[0].Object)
	}
	if got.Namespace != "here" || set.Objects[0].Position() != "<stdin>:3" {
		t.Errorf("namespace %q at %s, want here at <stdin>:3", got.Namespace, set.Objects[0].Position())
	}
}

func TestReadFolderListsAndForeignKinds(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b/list.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n")
	write(t, dir, "a.json", `{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}}`)
	write(t, dir, ".hidden/x.yaml", "not: [yaml")
	write(t, dir, "notes.txt", "not: [yaml")
	set, err := Reader{}.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Objects) != 2 || set.Ignored["Job.batch"] != 1 {
		t.Fatalf("read %d objects and ignored %v, want 2 and one Job.batch", len(set.Objects), set.Ignored)
	}
	if ns := set.Objects[0].GetNamespace(); ns != "default" {
		t.Errorf("Service without a namespace is in %q, want default", ns)
	}
	if ns := set.Objects[1].GetNamespace(); ns != "" {
		t.Errorf("Namespace is in namespace %q, want none", ns)
	}
}

func TestReadTellsErrorsInTheOrderOfFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		write(t, dir, name+".yaml", splitYAML+"  "+name+": 1\n")
	}
	_, err := Reader{Stdin: strings.NewReader("")}.Read(dir, Stdin, Stdin)
	if err == nil {
		t.Fatal("no error")
	}
	last := -1
	for _, want := range []string{"given twice", "spec.a:", "spec.b:", "spec.c:", "spec.d:", "spec.e:", "spec.f:"} {
		at := strings.Index(err.Error(), want)
		if at <= last {
			t.Errorf("%q is at %d of the message, want it after %d:\n%v", want, at, last, err)
		}
		last = at
	}
}

func TestReadKeepsNoKeys(t *testing.T) {
	in := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {tls.key: canary, tls.crt: canary, password: canary}\n"
	set, err := Reader{Stdin: strings.NewReader(in)}.Read(Stdin)
	if err != nil {
		t.Fatal(err)
	}
	secret, ok := set.Objects[0].Object.(*corev1.Secret)
	if !ok || len(secret.Data) != 0 || len(secret.StringData) != 0 {
		t.Errorf("kept %v %v, want nothing", secret.Data, secret.StringData)
	}
}

func TestReadWithoutManifests(t *testing.T) {
	if _, err := (Reader{}).Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no .yaml") {
		t.Errorf("empty folder: error %v, want one that names the suffixes", err)
	}
	if _, err := (Reader{}).Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("missing path: no error")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(splitYAML))
	f.Add([]byte("a: &a [*a]\n---\n- x\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Reader{Stdin: strings.NewReader(string(data))}.Read(Stdin)
	})
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
