package eval

import (
	"maps"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// ModifyHeaders returns the headers after the modifiers, in their order. Each
// modifier first sets, which overwrites, then adds, which appends after a ","
// to what is there, then removes. The headers given are not changed.
func ModifyHeaders(headers map[string]string, mods ...*ir.HeaderModifier) map[string]string {
	out := maps.Clone(headers)
	if out == nil {
		out = map[string]string{}
	}
	for _, mod := range mods {
		if mod == nil {
			continue
		}
		for _, h := range mod.Set {
			out[strings.ToLower(h.Name)] = h.Value
		}
		for _, h := range mod.Add {
			name := strings.ToLower(h.Name)
			if old, present := out[name]; present {
				out[name] = old + "," + h.Value
			} else {
				out[name] = h.Value
			}
		}
		for _, name := range mod.Remove {
			delete(out, strings.ToLower(name))
		}
	}
	return out
}
