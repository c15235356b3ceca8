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

// stream is one file and what was read of it.
type stream struct {
	file string
	// namespace of namespaced objects that name none.
	namespace string
	objects   []Object
	ignored   map[string]int
	errs      []error
}

func (s *stream) fail(err error) { s.errs = append(s.errs, err) }

// decode reads all documents.
func (s *stream) decode(in io.Reader) {
	data, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		s.fail(fmt.Errorf("read %s: %w", s.file, err))
		return
	}
	if len(data) > maxBytes {
		s.fail(fmt.Errorf("read %s: larger than %d MiB; give the manifests alone", s.file, maxBytes>>20))
		return
	}
	for _, doc := range split(data) {
		s.document(doc)
	}
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

func (s *stream) document(doc document) {
	at := fmt.Sprintf("%s:%d", s.file, doc.line)
	raw, err := yaml.YAMLToJSONStrict(doc.data)
	if err != nil {
		s.fail(fmt.Errorf("%s: %s", at, strings.TrimPrefix(err.Error(), "yaml: ")))
		return
	}
	if string(raw) == "null" {
		return
	}
	obj := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &obj.Object); err != nil {
		s.fail(fmt.Errorf("%s: not a Kubernetes object: a mapping with apiVersion and kind is wanted", at))
		return
	}
	switch {
	case obj.GetAPIVersion() == "" || obj.GetKind() == "":
		s.fail(fmt.Errorf("%s: not a Kubernetes object: apiVersion or kind is missing", at))
	case obj.IsList():
		s.list(doc.line, obj)
	default:
		s.object(doc.line, obj)
	}
}

func (s *stream) list(line int, list *unstructured.Unstructured) {
	if err := list.EachListItem(func(item runtime.Object) error {
		if u, ok := item.(*unstructured.Unstructured); ok {
			s.object(line, u)
		}
		return nil
	}); err != nil {
		s.fail(fmt.Errorf("%s:%d: read %s: %w", s.file, line, list.GetKind(), err))
	}
}

func (s *stream) object(line int, obj *unstructured.Unstructured) {
	gvk := obj.GroupVersionKind()
	unified := slices.Contains(kinds.Unified(), gvk)
	if gvk.Group == v1alpha1.GroupName && !unified {
		s.fail(fmt.Errorf("%s:%d: %s: unknown kind %s; the kinds of %s are %s", s.file, line, name(obj), gvk.Kind, v1alpha1.GroupVersion, strings.Join(kinds.Names(), ", ")))
		return
	}
	if !kinds.Scheme().Recognizes(gvk) {
		s.ignored[gvk.GroupKind().String()]++
		return
	}
	object, err := s.typed(obj, unified)
	if err != nil {
		s.fail(prefix(fmt.Sprintf("%s:%d: %s: ", s.file, line, name(obj)), err))
		return
	}
	s.objects = append(s.objects, Object{Object: object, File: s.file, Line: line})
}

// typed checks an object of the unified API whole, and converts.
func (s *stream) typed(obj *unstructured.Unstructured, unified bool) (client.Object, error) {
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
		obj.SetNamespace(s.namespace)
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
	kind, err := kinds.Schema(obj.GroupVersionKind())
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
func name(obj client.Object) string {
	kind := obj.GetObjectKind().GroupVersionKind().Kind
	if obj.GetNamespace() == "" {
		return kind + "/" + obj.GetName()
	}
	return kind + "/" + obj.GetNamespace() + "/" + obj.GetName()
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
