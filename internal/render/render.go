// Package render turns computed units into manifests: sorted, stable to the
// byte, and ready for kubectl apply or a GitOps repository.
package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/ir"
)

// ErrFormat is the error for a format that Stream does not know.
var ErrFormat = errors.New("unknown format; it can be yaml, json or name")

// Doc is one object to print.
type Doc struct {
	Object *unstructured.Unstructured
	// Partial objects belong to somebody else: only the fields shown are set.
	Partial bool
}

// Docs returns the native objects of all outputs and the merged contributions
// to shared objects, sorted by namespace, kind and name, without what only a
// server fills in. Issues say which contributions contradict each other.
func Docs(outputs []engine.Output) ([]Doc, []ir.Issue) {
	var docs []Doc
	for _, out := range outputs {
		for _, obj := range out.Objects {
			docs = append(docs, Doc{Object: plain(obj.Object)})
		}
	}
	shared, issues := engine.MergeOutputs(outputs)
	for _, s := range shared {
		docs = append(docs, Doc{Object: s.Object, Partial: !s.Create})
	}
	slices.SortStableFunc(docs, func(a, b Doc) int { return strings.Compare(id(a.Object), id(b.Object)) })
	return docs, issues
}

// plain returns the object as it is written: no status and no empty times.
func plain(obj runtime.Object) *unstructured.Unstructured {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		// Typed native objects always convert; anything else is a defect of a provider.
		panic(fmt.Sprintf("convert %T: %v", obj, err))
	}
	u := &unstructured.Unstructured{Object: content}
	unstructured.RemoveNestedField(u.Object, "status")
	unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
	return u
}

func id(u *unstructured.Unstructured) string {
	return strings.Join([]string{u.GetNamespace(), u.GroupVersionKind().Group, u.GetKind(), u.GetName()}, "/")
}

// Stream prints the documents as yaml, json (one List) or name.
func Stream(w io.Writer, docs []Doc, format string) error {
	var out []byte
	var err error
	switch format {
	case "yaml":
		out, err = streamYAML(docs)
	case "json":
		out, err = streamJSON(docs)
	case "name":
		out = streamNames(docs)
	default:
		return fmt.Errorf("-o %q: %w", format, ErrFormat)
	}
	if err != nil {
		return err
	}
	if _, err = w.Write(out); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func streamYAML(docs []Doc) ([]byte, error) {
	var buf bytes.Buffer
	for _, doc := range docs {
		data, err := document(doc)
		if err != nil {
			return nil, err
		}
		buf.WriteString("---\n")
		buf.Write(data)
	}
	return buf.Bytes(), nil
}

// document returns one object as YAML, with a word before it where it is not
// ours.
func document(doc Doc) ([]byte, error) {
	data, err := yaml.Marshal(doc.Object.Object)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", id(doc.Object), err)
	}
	if doc.Partial {
		data = append([]byte("# Fields of an object that exists already: apply with --server-side.\n"), data...)
	}
	return data, nil
}

func streamJSON(docs []Doc) ([]byte, error) {
	items := make([]any, 0, len(docs))
	for _, doc := range docs {
		items = append(items, doc.Object.Object)
	}
	data, err := json.MarshalIndent(map[string]any{"apiVersion": "v1", "kind": "List", "items": items}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode objects: %w", err)
	}
	return append(data, '\n'), nil
}

func streamNames(docs []Doc) []byte {
	var buf bytes.Buffer
	for _, doc := range docs {
		resource := strings.ToLower(doc.Object.GroupVersionKind().GroupKind().String())
		fmt.Fprintf(&buf, "%s/%s\n", resource, doc.Object.GetName())
	}
	return buf.Bytes()
}
