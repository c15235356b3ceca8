package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// errTaken says that a field has another value already.
var errTaken = errors.New("it has another value")

// item reads an element of a path as "[name=x]": the item of a list whose field
// name is x.
func item(element string) (key, value string, ok bool) {
	inner, opened := strings.CutPrefix(element, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	key, value, ok = strings.Cut(inner, "=")
	return key, value, ok && opened && closed && key != ""
}

// keyed says whether a path leads through items of lists.
func keyed(path []string) bool {
	return slices.ContainsFunc(path, func(element string) bool { return strings.HasPrefix(element, "[") })
}

// put returns what is at a place of an object once a value is at the path below
// it. Where it fails, nothing has changed.
func put(at any, path []string, value any) (any, error) {
	if len(path) == 0 {
		if at != nil && !reflect.DeepEqual(at, value) {
			return nil, errTaken
		}
		return value, nil
	}
	if keyed(path[:1]) {
		return putItem(at, path, value)
	}
	fields, ok := at.(map[string]any)
	if !ok && at != nil {
		return nil, fmt.Errorf("%s is looked for in what has no fields", path[0])
	}
	below, err := put(fields[path[0]], path[1:], value)
	if err != nil {
		return nil, err
	}
	if fields == nil {
		fields = map[string]any{}
	}
	fields[path[0]] = below
	return fields, nil
}

// putItem is put where the path leads to an item of a list.
func putItem(at any, path []string, value any) (any, error) {
	key, name, ok := item(path[0])
	if !ok {
		return nil, fmt.Errorf("%q names no item", path[0])
	}
	list, ok := at.([]any)
	if !ok && at != nil {
		return nil, fmt.Errorf("%s is looked for in what is no list", path[0])
	}
	index := slices.IndexFunc(list, func(one any) bool { return keyOf(one, key) == name })
	found := map[string]any{key: name}
	if index >= 0 {
		found, _ = list[index].(map[string]any)
	}
	if err := fill(found, path[1:], value); err != nil {
		return nil, err
	}
	if index < 0 {
		list = append(list, found)
		slices.SortStableFunc(list, func(a, b any) int { return cmp.Compare(keyOf(a, key), keyOf(b, key)) })
	}
	return list, nil
}

// fill writes into an item: at a path, or all fields of a value that is one.
func fill(found map[string]any, path []string, value any) error {
	if len(path) > 0 {
		_, err := put(found, path, value)
		return err
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return errors.New("an item of a list has to have fields")
	}
	for name, v := range fields {
		if old, there := found[name]; there && !reflect.DeepEqual(old, v) {
			return errTaken
		}
	}
	for name, v := range fields {
		found[name] = v
	}
	return nil
}

// keyOf returns the key of an item, "" where it has none.
func keyOf(one any, key string) string {
	fields, _ := one.(map[string]any)
	name, _ := fields[key].(string)
	return name
}

// plain returns a value as it is when read from JSON: a copy, of types that
// objects may hold.
func plain(value any) (any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode value: %w", err)
	}
	var out any
	if err := utiljson.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("decode value: %w", err)
	}
	return out, nil
}
