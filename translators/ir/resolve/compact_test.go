package resolve

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// compactYAML writes what a case comes to so that people can read it: sources,
// references, targets and ports take a line each.
func compactYAML(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var generic any
	if err := json.Unmarshal(data, &generic); err != nil {
		t.Fatal(err)
	}
	out, err := yaml.Marshal(compact("", generic))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func compact(name string, v any) any {
	switch x := v.(type) {
	case []any:
		for i := range x {
			x[i] = compact(strings.TrimSuffix(name, "s"), x[i])
		}
	case map[string]any:
		if line := oneLine(name, x); line != "" {
			return line
		}
		for key := range x {
			x[key] = compact(key, x[key])
		}
	}
	return v
}

func oneLine(name string, m map[string]any) string {
	field := func(key string) string {
		if m[key] == nil {
			return ""
		}
		return fmt.Sprint(m[key])
	}
	join := func(sep string, keys ...string) string {
		var parts []string
		for _, key := range keys {
			if s := field(key); s != "" {
				parts = append(parts, s)
			}
		}
		return strings.Join(parts, sep)
	}
	switch name {
	case "source", "object", "policie":
		line := join("/", "kind", "namespace", "name")
		if g := field("generation"); g != "" {
			line += "@" + g
		}
		if line == "" {
			return "(default)"
		}
		return strings.TrimSpace(line + " " + field("field"))
	case "target", "on", "key":
		return join("/", "kind", "mesh", "namespace", "name", "sectionName", "listener", "hostname")
	case "mesh":
		if field("provider") != "" {
			return join(" ", "name", "provider", "controlPlaneNamespace", "trustDomain")
		}
	case "controller":
		return join(" ", "name", "provider", "namespace", "gatewayClass")
	case "port":
		if field("number") != "" {
			return strings.TrimSpace(join(" ", "number", "name", "protocol") + " " + field("targets"))
		}
	case "service":
		if port, ok := m["port"].(map[string]any); ok {
			return join("/", "namespace", "name") + " " + oneLine("port", port)
		}
	case "identity", "identitie":
		return join("/", "namespace", "serviceAccount")
	}
	return ""
}
