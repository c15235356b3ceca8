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

// Describe returns what the status says: a line for the object and for each of
// its targets, and the messages of conditions that have one.
func Describe(o *unstructured.Unstructured) string {
	lines := describe(o.GetKind()+" "+o.GetName(), conditions(o, "status", "conditions"))
	if pairing, ok, _ := unstructured.NestedMap(o.Object, "status", "pairing"); ok {
		lines = append(lines, fmt.Sprintf("  pairing: %v, mTLS: %v", pairing["mode"], pairing["mtls"]))
	}
	targets, _, _ := unstructured.NestedSlice(o.Object, "status", "targets")
	for _, target := range targets {
		if fields, ok := target.(map[string]any); ok {
			one := &unstructured.Unstructured{Object: fields}
			lines = append(lines, describe(reference(fields, "ref")+" on "+reference(fields, "on"), conditions(one, "conditions"))...)
		}
	}
	return strings.Join(lines, "\n")
}

func describe(what string, list []condition) []string {
	if len(list) == 0 {
		return []string{"  " + what + ": no operator has reported on it"}
	}
	var words, messages []string
	for _, c := range list {
		words = append(words, c.Type+"="+c.Status)
		if c.Message != "" {
			messages = append(messages, fmt.Sprintf("    %s %s: %s", c.Type, c.Reason, c.Message))
		}
	}
	return append([]string{"  " + what + ": " + strings.Join(words, " ")}, messages...)
}

// reference reads a reference in a status: its kind, name and section.
func reference(fields map[string]any, name string) string {
	var words []string
	for _, field := range []string{"kind", "name", "sectionName"} {
		if word, _, _ := unstructured.NestedString(fields, name, field); word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}
