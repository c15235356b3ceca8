package istio

import (
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// BenchmarkService translates random service units, of which a full offline
// translation consists for the most part.
func BenchmarkService(b *testing.B) {
	var units []*ir.ServiceUnit
	for seed := range uint64(200) {
		units = append(units, translatortest.NewGen(seed).ServiceUnit().Service)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		translateService(translators.Env{}, units[i%len(units)])
	}
}
