package helm

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// ObjectChange is how one object differs.
type ObjectChange struct {
	// Action is Add, Change or Remove.
	Action Action `json:"action"`
	Kind   string `json:"kind"`
	// Namespace is the release's for objects that name none, whatever their
	// kind.
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// Fields are set for a Change, sorted.
	Fields []FieldChange `json:"fields,omitempty"`
}

// Action says what becomes of an object.
type Action string

// The actions.
const (
	Add    Action = "Add"
	Change Action = "Change"
	Remove Action = "Remove"
)

// FieldChange is one field with its values as JSON, "" where it is not there.
// Values of Secrets are left out.
type FieldChange struct {
	Field string `json:"field"`
	Have  string `json:"have,omitempty"`
	Want  string `json:"want,omitempty"`
}

// String returns the change on one line.
func (c ObjectChange) String() string {
	name := c.Kind + " " + strings.TrimPrefix(c.Namespace+"/"+c.Name, "/")
	if len(c.Fields) == 0 {
		return string(c.Action) + " " + name
	}
	fields := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = f.Field
	}
	return string(c.Action) + " " + name + ": " + strings.Join(fields, ", ")
}

// compare returns the fields below path in which two values differ.
func compare(path string, have, want any) []FieldChange {
	switch w := want.(type) {
	case map[string]any:
		if h, ok := have.(map[string]any); ok {
			return compareMaps(path, h, w)
		}
	case []any:
		if h, ok := have.([]any); ok && len(h) == len(w) {
			var changes []FieldChange
			for i := range w {
				changes = append(changes, compare(fmt.Sprintf("%s[%d]", path, i), h[i], w[i])...)
			}
			return changes
		}
	}
	if same(have, want) {
		return nil
	}
	return []FieldChange{{Field: path, Have: text(have), Want: text(want)}}
}

func compareMaps(path string, have, want map[string]any) []FieldChange {
	keys := map[string]bool{}
	for key := range have {
		keys[key] = true
	}
	for key := range want {
		keys[key] = true
	}
	var changes []FieldChange
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		changes = append(changes, compare(below(path, key), have[key], want[key])...)
	}
	return changes
}

// below names a field of a field.
func below(path, key string) string {
	if strings.ContainsAny(key, "./[]") {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// same compares values that may have been read by different decoders.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || a != nil && b != nil && text(a) == text(b)
}

func text(value any) string {
	if value == nil {
		return ""
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// hide leaves the values out of the changes of a Secret.
func hide(kind string, changes []FieldChange) []FieldChange {
	if kind != "Secret" {
		return changes
	}
	for i := range changes {
		changes[i].Have, changes[i].Want = "", ""
	}
	return changes
}
