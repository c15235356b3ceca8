package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/kinds"
)

type decoder struct {
	namespace string
	set       *Set
	seen      map[string]Object
}

// decode reads all documents of one stream and joins their errors.
func (d *decoder) decode(file string, in io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if len(data) > maxBytes {
		return fmt.Errorf("read %s: larger than %d MiB; give the manifests alone", file, maxBytes>>20)
	}
	var errs []error
	for _, doc := range split(data) {
		if err := d.document(file, doc); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// document is one YAML document and the line that it begins on.
type document struct {
	line int
	data []byte
}

// split cuts a stream at lines that are "---".
func split(data []byte) []document {
	var docs []document
	current := document{line: 1}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if trimmed := bytes.TrimRight(text, " \t\r\n"); bytes.Equal(trimmed, []byte("---")) || bytes.HasPrefix(text, []byte("--- ")) {
			docs = append(docs, current)
			current = document{line: line + 1}
			continue
		}
		current.data = append(current.data, text...)
	}
	return append(docs, current)
}

func (d *decoder) document(file string, doc document) error {
	at := fmt.Sprintf("%s:%d", file, doc.line)
	raw, err := yaml.YAMLToJSONStrict(doc.data)
	if err != nil {
		return fmt.Errorf("%s: %s", at, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if string(raw) == "null" {
		return nil
	}
	obj := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &obj.Object); err != nil {
		return fmt.Errorf("%s: not a Kubernetes object: a mapping with apiVersion and kind is wanted", at)
	}
	if obj.GetAPIVersion() == "" || obj.GetKind() == "" {
		return fmt.Errorf("%s: not a Kubernetes object: apiVersion or kind is missing", at)
	}
	if obj.IsList() {
		return d.list(file, doc.line, obj)
	}
	return d.object(file, doc.line, obj)
}

func (d *decoder) list(file string, line int, list *unstructured.Unstructured) error {
	var errs []error
	if err := list.EachListItem(func(item runtime.Object) error {
		if u, ok := item.(*unstructured.Unstructured); ok {
			errs = append(errs, d.object(file, line, u))
		}
		return nil
	}); err != nil {
		errs = append(errs, fmt.Errorf("%s:%d: read %s: %w", file, line, list.GetKind(), err))
	}
	return errors.Join(errs...)
}

func (d *decoder) object(file string, line int, obj *unstructured.Unstructured) error {
	gvk := obj.GroupVersionKind()
	unified := slices.Contains(kinds.Unified(), gvk)
	if gvk.Group == v1alpha1.GroupName && !unified {
		return fmt.Errorf("%s:%d: %s: unknown kind %s; the kinds of %s are %s", file, line, name(obj), gvk.Kind, v1alpha1.GroupVersion, strings.Join(kinds.Names(), ", "))
	}
	if !kinds.Scheme().Recognizes(gvk) {
		d.set.Ignored[gvk.GroupKind().String()]++
		return nil
	}
	typed, err := d.typed(obj, unified)
	if err != nil {
		return prefix(fmt.Sprintf("%s:%d: %s: ", file, line, name(obj)), err)
	}
	read := Object{Object: typed, File: file, Line: line}
	id := gvk.GroupKind().String() + "/" + typed.GetNamespace() + "/" + typed.GetName()
	if first, ok := d.seen[id]; ok {
		return fmt.Errorf("%s:%d: %s: stands already at %s; remove one of them", file, line, name(obj), first.Position())
	}
	d.seen[id] = read
	d.set.Objects = append(d.set.Objects, read)
	return nil
}

// typed checks an object of the unified API whole, and converts.
func (d *decoder) typed(obj *unstructured.Unstructured, unified bool) (client.Object, error) {
	gvk := obj.GroupVersionKind()
	if unified {
		if err := check(obj); err != nil {
			return nil, err
		}
	}
	if obj.GetName() == "" {
		return nil, errors.New("metadata.name is missing")
	}
	if obj.GetNamespace() == "" && !kinds.ClusterScoped(gvk) {
		obj.SetNamespace(d.namespace)
	}
	typed, err := kinds.Scheme().New(gvk)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", gvk.Kind, err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed); err != nil {
		return nil, err
	}
	object, ok := typed.(client.Object)
	if !ok {
		return nil, fmt.Errorf("%s is no object", gvk.Kind)
	}
	if secret, ok := object.(*corev1.Secret); ok {
		kinds.Redact(secret)
	}
	return object, nil
}

// check refuses what an API server would refuse, unknown fields included.
func check(obj *unstructured.Unstructured) error {
	schemas, err := kinds.Schemas()
	if err != nil {
		return err
	}
	kind, err := schemas.Kind(obj.GroupVersionKind())
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range kind.Unknown(obj) {
		errs = append(errs, fmt.Errorf("%s: unknown field; see meshctl explain or docs/reference/api.md for the fields of %s", path, obj.GetKind()))
	}
	kind.Default(obj)
	for _, e := range kind.Validate(obj) {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// name returns Kind/namespace/name as far as the object says it.
func name(obj *unstructured.Unstructured) string {
	if obj.GetNamespace() == "" {
		return obj.GetKind() + "/" + obj.GetName()
	}
	return obj.GetKind() + "/" + obj.GetNamespace() + "/" + obj.GetName()
}

// prefix puts the place before each of the joined errors.
func prefix(place string, err error) error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return fmt.Errorf("%s%w", place, err)
	}
	var errs []error
	for _, e := range joined.Unwrap() {
		errs = append(errs, fmt.Errorf("%s%w", place, e))
	}
	return errors.Join(errs...)
}
