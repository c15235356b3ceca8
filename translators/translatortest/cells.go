package translatortest

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// cells holds every cell of a variant's column to a golden file: what asking for
// the feature changes in what is written, field by field, or what users are told
// instead. A translation that stops saying a feature is seen in its line.
func (s *Suite) cells(t *testing.T, variant translators.Variant) {
	t.Helper()
	env := translators.Env{Variant: variant.Name}
	supports := s.Provider.Supports(env)
	var buf bytes.Buffer
	for _, sample := range Samples() {
		ingress := sample.Kind == ir.KindRoute || sample.Kind == ir.KindGateway
		if ingress != variant.Mesh {
			s.cell(&buf, env, &sample, supports)
		}
	}
	compare(t, filepath.Join(s.Dir, "cells", variant.Name+".txt"), buf.String())
}

func (s *Suite) cell(buf *bytes.Buffer, env translators.Env, sample *Sample, supports map[ir.Feature]translators.Support) {
	support := supports[sample.Feature]
	fmt.Fprintf(buf, "%s of a %s: %s\n", sample.Feature, sample.Kind, strings.ToLower(string(support.Level)))
	refusals := translators.Check(sample.With, supports)
	told := slices.DeleteFunc(refusals, func(i ir.Issue) bool { return i.Feature != sample.Feature })
	for _, issue := range told {
		fmt.Fprintf(buf, "  %s %s\n", issue.Effect, issue.Message)
	}
	switch why, implicit := s.Implicit[sample.Feature]; {
	case support.Level == translators.Unsupported:
		return
	case implicit:
		fmt.Fprintf(buf, "  nothing is written: %s\n", why)
		return
	case s.elsewhere(sample):
		buf.WriteString("  nothing is written by routes: the mesh has it with the connection\n")
		return
	}
	if moved, ok := s.moved(sample); ok {
		fmt.Fprintf(buf, "  said by the %s unit:\n", moved.Kind)
		sample = &moved
	}
	with := leaves(s.andMesh(env, sample.With, s.translate(env, sample.With)))
	without := leaves(s.andMesh(env, sample.Without, s.translate(env, sample.Without)))
	for _, path := range slices.Sorted(maps.Keys(without)) {
		if with[path] != without[path] {
			fmt.Fprintf(buf, "  - %s = %s\n", path, without[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(with)) {
		if with[path] != without[path] {
			fmt.Fprintf(buf, "  + %s = %s\n", path, with[path])
		}
	}
}

// leaves returns every field of everything that is written, by its path.
func leaves(r translators.Result) map[string]string {
	out := map[string]string{}
	for _, c := range r.Contributions {
		flatten(out, fmt.Sprintf("%s %s %s", c.Object.Kind, c.Object.Name, strings.Join(c.Path, ".")), c.Value)
	}
	for _, obj := range r.Objects {
		content, err := contentOf(obj)
		if err != nil {
			continue
		}
		gvk := content.GroupVersionKind()
		delete(content.Object, "apiVersion")
		delete(content.Object, "kind")
		unstructured.RemoveNestedField(content.Object, "metadata", "name")
		unstructured.RemoveNestedField(content.Object, "metadata", "namespace")
		flatten(out, gvk.Kind+" "+obj.GetName()+" ", content.Object)
	}
	return out
}

func flatten(out map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			flatten(out, strings.TrimSuffix(path, " ")+separator(path)+key, below)
		}
	case []any:
		for i, below := range v {
			flatten(out, fmt.Sprintf("%s[%d]", path, i), below)
		}
	default:
		out[path] = fmt.Sprint(v)
	}
}

func separator(path string) string {
	if strings.HasSuffix(path, " ") {
		return " "
	}
	return "."
}
