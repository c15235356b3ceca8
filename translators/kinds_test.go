package translators_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
)

func TestKindsKeepTheOrderOfEveryProvider(t *testing.T) {
	for name, c := range map[string]struct{ providers, want string }{
		"one":                       {"A B", "A B"},
		"apart":                     {"A B/C", "A B C"},
		"the same":                  {"A B/A B", "A B"},
		"one before what both have": {"G R/S R P", "G S R P"},
		"from behind":               {"R P/P Q/Q R", "R P Q"},
		"contradicting":             {"A B/B A", "A B"},
		"none":                      {"", ""},
	} {
		var providers []translators.Provider
		for list := range strings.SplitSeq(c.providers, "/") {
			p := translators.Provider{}
			for kind := range strings.FieldsSeq(list) {
				p.Kinds = append(p.Kinds, schema.GroupVersionKind{Kind: kind})
			}
			providers = append(providers, p)
		}
		var got []string
		for _, kind := range translators.Kinds(providers) {
			got = append(got, kind.Kind)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}
