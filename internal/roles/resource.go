package roles

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Resource returns the name under which the API server serves a kind, by the
// rules of English that authors of kinds follow. Kinds that are plural already
// stay as they are.
func Resource(kind schema.GroupVersionKind) string {
	name := strings.ToLower(kind.Kind)
	switch {
	case endsIn(name, "ss", "sh", "ch", "x"):
		return name + "es"
	case strings.HasSuffix(name, "s"):
		return name
	case strings.HasSuffix(name, "y") && !endsIn(name, "ay", "ey", "oy", "uy"):
		return strings.TrimSuffix(name, "y") + "ies"
	default:
		return name + "s"
	}
}

func endsIn(name string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(end string) bool { return strings.HasSuffix(name, end) })
}
