package linkerd

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// allowed are the fields of HTTPRoute that go out: those of Gateway API 1.2.1 that
// Linkerd reads for Services. It drops objects with fields that it does not
// know, and whole routes for filters that it cannot do.
var allowed = regexp.MustCompile(`^\.(apiVersion|kind|status(\..*)?|metadata\.(name|namespace|creationTimestamp|annotations\.[a-z./]+)|` +
	`spec\.parentRefs\.(group|kind|name|port)|` +
	`spec\.rules\.matches\.(method|path\.(type|value)|(headers|queryParams)\.(type|name|value))|` +
	`spec\.rules\.backendRefs\.(group|kind|name|namespace|port|weight)|` +
	`spec\.rules\.(backendRefs\.)?filters\.(type|(request|response)HeaderModifier\.((set|add)\.(name|value)|remove))|` +
	`spec\.rules\.filters\.requestRedirect\.(scheme|hostname|port|statusCode|path\.(type|replaceFullPath|replacePrefixMatch)))$`)

// leaves yields the paths of all values in a JSON document, without indices.
func leaves(path string, v any) []string {
	switch v := v.(type) {
	case map[string]any:
		var out []string
		for key, below := range v {
			out = append(out, leaves(path+"."+key, below)...)
		}
		return out
	case []any:
		var out []string
		for _, below := range v {
			out = append(out, leaves(path, below)...)
		}
		return out
	}
	return []string{path}
}

// Whatever a unit asks for, supported or not, nothing goes out that Linkerd does
// not read: it would drop the rest along with it.
func TestOnlyWhatIsReadGoesOut(t *testing.T) {
	for seed := range uint64(2000) {
		u := translatortest.NewGen(seed).ServiceUnit()
		for _, r := range routesOf(translateService(translators.Env{}, u.Service).Objects) {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var document map[string]any
			if err := json.Unmarshal(data, &document); err != nil {
				t.Fatal(err)
			}
			for _, path := range leaves("", document) {
				if !allowed.MatchString(path) {
					t.Fatalf("seed %d: %s goes out: %s", seed, path, data)
				}
			}
			if why := unreadable(r); why != "" {
				t.Fatalf("seed %d: Linkerd cannot read %s: %s", seed, why, data)
			}
			for _, rule := range r.Spec.Rules {
				if len(rule.Matches) == 0 || len(rule.Matches) > 8 || len(r.Spec.Rules) > 16 {
					t.Fatalf("seed %d: %d rules, %d matches", seed, len(r.Spec.Rules), len(rule.Matches))
				}
			}
		}
	}
}
