package translatortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// contentOf returns the object as it is written to a cluster.
func contentOf(obj translators.Object) (*unstructured.Unstructured, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj.Object)
	if err != nil {
		return nil, fmt.Errorf("convert %T: %w", obj.Object, err)
	}
	unstructured.RemoveNestedField(content, "status")
	unstructured.RemoveNestedField(content, "metadata", "creationTimestamp")
	return &unstructured.Unstructured{Object: content}, nil
}

// show writes issues, contributions and objects for a reader: what is not part
// of an object stands in comments.
func show(buf *bytes.Buffer, r translators.Result) {
	for _, issue := range ir.SortIssues(slices.Clone(r.Issues)) {
		fmt.Fprintf(buf, "# %s %s %s %s: %s\n", issue.Effect, issue.Reason, issue.Source.Ref, issue.Source.Field, issue.Message)
	}
	for _, c := range r.Contributions {
		fmt.Fprintf(buf, "# %s %s: %v = %v\n", c.Object.Kind, c.Object.Name, c.Path, c.Value)
	}
	for _, obj := range r.Objects {
		buf.WriteString("---\n")
		content, err := contentOf(obj)
		if err != nil {
			fmt.Fprintf(buf, "# %v\n", err)
			continue
		}
		data, err := yaml.Marshal(content.Object)
		if err != nil {
			fmt.Fprintf(buf, "# %v\n", err)
			continue
		}
		for _, after := range obj.After {
			fmt.Fprintf(buf, "# after %s %s/%s\n", after.Kind, after.Namespace, after.Name)
		}
		buf.Write(data)
	}
}

// text is what show writes.
func text(r translators.Result) string {
	var buf bytes.Buffer
	show(&buf, r)
	return buf.String()
}

// form is equal for results that are equal; it is quicker than text.
func form(r translators.Result) string {
	var buf bytes.Buffer
	fmt.Fprintf(&buf, "%+v\n%+v\n", r.Issues, r.Contributions)
	for _, obj := range r.Objects {
		data, err := json.Marshal(obj.Object)
		fmt.Fprintf(&buf, "%s %v %+v %+v\n", data, err, obj.After, obj.Sources)
	}
	return buf.String()
}

// check returns what is wrong with a result: its objects are of declared kinds,
// valid, named once, and say where they came from.
func (s *Suite) check(r translators.Result) []string {
	var problems []string
	seen := map[string]bool{}
	for _, obj := range r.Objects {
		content, err := contentOf(obj)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		gvk := content.GroupVersionKind()
		id := fmt.Sprintf("%s %s/%s", gvk.Kind, content.GetNamespace(), content.GetName())
		if !slices.Contains(s.Provider.Kinds, gvk) {
			problems = append(problems, fmt.Sprintf("%s is of the kind %s, which the provider does not declare", id, gvk))
			continue
		}
		if seen[id] {
			problems = append(problems, id+" is made twice")
		}
		seen[id] = true
		if !slices.ContainsFunc(obj.Sources, func(s ir.Source) bool { return s.Name != "" }) {
			problems = append(problems, id+" does not say which object it came from")
		}
		for _, problem := range s.invalid(content) {
			problems = append(problems, id+": "+problem)
		}
	}
	for _, c := range r.Contributions {
		if len(c.Path) == 0 || c.Object.Kind == "" || c.Object.Name == "" {
			problems = append(problems, fmt.Sprintf("contribution %+v does not say to what", c))
		}
	}
	return problems
}

// invalid returns what an API server would refuse of the object.
func (s *Suite) invalid(obj *unstructured.Unstructured) []string {
	kind := s.schemas[obj.GroupVersionKind()]
	switch {
	case kind != nil:
	case builtIn(obj.GroupVersionKind()):
		return invalidBuiltIn(obj)
	case s.Undefined[obj.GroupVersionKind().Group] != "":
		return nil
	default:
		return []string{"no definition of its kind is known"}
	}
	var out []string
	for _, path := range kind.Unknown(obj) {
		out = append(out, "unknown field "+path)
	}
	if kind.Namespaced() != (obj.GetNamespace() != "") {
		out = append(out, fmt.Sprintf("its namespace is %q", obj.GetNamespace()))
	}
	full := obj.DeepCopy()
	kind.Default(full)
	for _, problem := range kind.Validate(full) {
		out = append(out, problem.Error())
	}
	return out
}

// pure translates the unit and returns what is wrong with doing so: the unit or
// the environment is changed, or doing it again gives something else; and what
// is wrong with the result.
func (s *Suite) pure(env translators.Env, u *ir.Unit) (translators.Result, []string) {
	unit, environment := Clone(u), Clone(env)
	result := s.translate(env, u)
	var problems []string
	if !reflect.DeepEqual(unit, u) {
		problems = append(problems, "the translation changed the unit (-before +after):\n"+cmp.Diff(unit, u))
	}
	if !reflect.DeepEqual(environment, env) {
		problems = append(problems, "the translation changed the environment (-before +after):\n"+cmp.Diff(environment, env))
	}
	want := form(result)
	for range repeats {
		if again := s.translate(env, u); form(again) != want {
			problems = append(problems, "the same unit was translated differently:\n"+cmp.Diff(text(result), text(again)))
			break
		}
	}
	return result, append(problems, s.check(result)...)
}

// repeats is how often a translation is done again. Go orders a map of two
// either way, so that one that depends on it is found in most of many units.
const repeats = 4
