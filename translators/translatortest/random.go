package translatortest

import (
	"fmt"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// randomUnits is how many units of each kind are made.
const randomUnits = 100

// random returns what is wrong with the translation of random units of supported
// features; of the first unit with which something is.
func (s *Suite) random(env translators.Env) []string {
	variant, ok := s.variant(env)
	if !ok {
		return []string{fmt.Sprintf("the provider has no variant %q", env.Variant)}
	}
	without := map[ir.Feature]bool{}
	for feature, support := range s.Provider.Supports(env) {
		without[feature] = support.Level == translators.Unsupported
	}
	for seed := range uint64(randomUnits) {
		g := NewGen(seed)
		g.Without = without
		units := []*ir.Unit{g.ServiceUnit(), g.AccessUnit(), g.NamespaceUnit(), g.MeshUnit()}
		if !variant.Mesh {
			units = []*ir.Unit{g.RouteUnit()}
		}
		for _, u := range units {
			if !s.offers(u.Key.Kind) {
				continue
			}
			if _, problems := s.pure(env, u); len(problems) > 0 {
				return append([]string{fmt.Sprintf("seed %d, %s unit:", seed, u.Key.Kind)}, problems...)
			}
		}
	}
	return nil
}
