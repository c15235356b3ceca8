package istio

import (
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestAtLeast(t *testing.T) {
	for version, want := range map[string]bool{
		"": true, "1.30.0": true, "1.30": true, "1.31.0-rc.0": true, "1.100.2": true, "2.0.0": true,
		"1.29.7": false, "1.9.0": false, "1.29-alpha.1": false,
		"latest": true, "1.x": true,
	} {
		if got := atLeast(translators.Env{Version: version}, 30); got != want {
			t.Errorf("atLeast(%q, 30) = %v, want %v", version, got, want)
		}
	}
}

// TestSupportsAnswersEveryFeature asks both variants for exactly the features
// that can occur in them, and for a note wherever something differs.
func TestSupportsAnswersEveryFeature(t *testing.T) {
	for _, variant := range Provider().Variants {
		for _, version := range []string{"", "1.26.0"} {
			table := supports(translators.Env{Variant: variant.Name, Version: version})
			occurring := 0
			for _, info := range ir.Features() {
				if variant.Mesh && !info.Mesh() || !variant.Mesh && !info.Ingress() {
					continue
				}
				occurring++
				support, ok := table[info.Feature]
				if !ok || support.Level == "" || support.Level != translators.Native && support.Note == "" {
					t.Errorf("%s %s: %s is answered %+v", variant.Name, version, info.Feature, support)
				}
			}
			if len(table) != occurring {
				t.Errorf("%s answers %d features, %d can occur", variant.Name, len(table), occurring)
			}
		}
	}
}
