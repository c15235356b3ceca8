package render

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func doc(namespace, name, value string) Doc {
	return Doc{Object: &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": namespace, "name": name},
		"data":     map[string]any{"value": value},
	}}}
}

func TestDirRemovesOnlyItsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := Dir(dir, []Doc{doc("shop", "a", "1"), doc("", "b", "1")}); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "shop", "kustomization.yaml")
	if err := os.WriteFile(foreign, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Dir(dir, []Doc{doc("shop", "a", "2")}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "shop", "configmap-a.yaml"))
	if err != nil || !bytes.Contains(data, []byte(`value: "2"`)) {
		t.Errorf("configmap-a.yaml holds %q (%v), want the new value", data, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "_cluster", "configmap-b.yaml")); !os.IsNotExist(err) {
		t.Errorf("configmap-b.yaml is still there (%v), want it removed", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file of somebody else is gone: %v", err)
	}
}

func TestDirRefusesForeignFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "shop", "configmap-a.yaml")
	if err := writeFile(path, []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	if err := Dir(dir, []Doc{doc("shop", "b", "1"), doc("shop", "a", "1")}); err == nil {
		t.Fatal("no error for a file in the way")
	}
	if _, err := os.Stat(filepath.Join(dir, "shop", "configmap-b.yaml")); !os.IsNotExist(err) {
		t.Errorf("something was written before the refusal: %v", err)
	}
}

func TestDirIndexCannotLeadOut(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(filepath.Dir(dir), "outside-"+filepath.Base(dir))
	for path, data := range map[string]string{outside: "theirs", filepath.Join(dir, index): "../" + filepath.Base(outside) + "\n"} {
		if err := writeFile(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	defer func() { _ = os.Remove(outside) }()
	if err := Dir(dir, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside the folder is gone: %v", err)
	}
}

func TestStream(t *testing.T) {
	partial := doc("", "ns", "1")
	partial.Partial = true
	docs := []Doc{doc("shop", "a", "1"), partial}
	for format, want := range map[string]string{
		"name": "configmap/a\nconfigmap/ns\n",
		"yaml": "---\napiVersion: v1\ndata:\n  value: \"1\"\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n" +
			"---\n# Fields of an object that exists already: apply with --server-side.\n" +
			"apiVersion: v1\ndata:\n  value: \"1\"\nkind: ConfigMap\nmetadata:\n  name: ns\n  namespace: \"\"\n",
	} {
		var buf bytes.Buffer
		if err := Stream(&buf, docs, format); err != nil || buf.String() != want {
			t.Errorf("-o %s: %v\n%s\nwant\n%s", format, err, buf.String(), want)
		}
	}
	if err := Stream(&bytes.Buffer{}, docs, "toml"); err == nil {
		t.Error("-o toml: no error")
	}
}
