package install

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// MergeValues returns base with over laid on it, as Helm lays one file of
// values on another: maps are merged, everything else is replaced, lists
// included. A null stays in the result, because that is how Helm is told to
// take away what the chart itself sets. Neither argument is changed or shared.
func MergeValues(base, over map[string]any) map[string]any {
	merged := make(map[string]any, len(base)+len(over))
	for key, value := range base {
		merged[key] = copyValue(value)
	}
	for key, value := range over {
		below, belowIsMap := merged[key].(map[string]any)
		above, aboveIsMap := value.(map[string]any)
		if belowIsMap && aboveIsMap {
			merged[key] = MergeValues(below, above)
			continue
		}
		merged[key] = copyValue(value)
	}
	return merged
}

// copyValue returns a copy that shares no map and no list with the value.
func copyValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return MergeValues(v, nil)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = copyValue(v[i])
		}
		return list
	}
	return value
}

// Digest tells charts apart by what they make: the chart's name and version,
// where it comes from, and its values. It fits into a label.
func Digest(c Chart) string {
	// Maps are written with sorted keys.
	data, err := json.Marshal(struct {
		Name, Version string
		Source        Source
		Values        map[string]any
	}{c.Name, c.Version, c.Source, c.Values})
	if err != nil {
		// Only values that are no JSON, which no file of values can hold.
		data = fmt.Append(nil, c.Name, c.Version, c.Source, c.Values)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
