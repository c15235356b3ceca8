package stage

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// condition is a condition of any kind.
type condition struct {
	Type, Status, Reason, Message string
	ObservedGeneration            int64
}

// conditions reads the list at a path.
func conditions(o *unstructured.Unstructured, path ...string) []condition {
	items, _, _ := unstructured.NestedSlice(o.Object, path...)
	var list []condition
	for _, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			continue
		}
		c := condition{Type: text(fields["type"]), Status: text(fields["status"]), Reason: text(fields["reason"]), Message: text(fields["message"])}
		c.ObservedGeneration, _ = fields["observedGeneration"].(int64)
		list = append(list, c)
	}
	return list
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Describe returns the conditions of an object and of its targets, one to a
// line.
func Describe(o *unstructured.Unstructured) string {
	var lines []string
	add := func(prefix string, list []condition) {
		for _, c := range list {
			lines = append(lines, fmt.Sprintf("  %s%s=%s %s: %s", prefix, c.Type, c.Status, c.Reason, c.Message))
		}
	}
	add("", conditions(o, "status", "conditions"))
	targets, _, _ := unstructured.NestedSlice(o.Object, "status", "targets")
	for _, target := range targets {
		if fields, ok := target.(map[string]any); ok {
			one := &unstructured.Unstructured{Object: fields}
			name, _, _ := unstructured.NestedString(fields, "ref", "name")
			add(name+": ", conditions(one, "conditions"))
		}
	}
	if len(lines) == 0 {
		return "  no operator has reported on it"
	}
	return strings.Join(lines, "\n")
}
