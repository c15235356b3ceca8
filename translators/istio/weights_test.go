package istio

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

func TestScale(t *testing.T) {
	for name, c := range map[string]struct {
		weights []int64
		want    []int32
	}{
		"as they are":           {[]int64{75, 25}, []int32{75, 25}},
		"none":                  {nil, []int32{}},
		"the largest sum":       {[]int64{math.MaxInt32 - 1, 1}, []int32{math.MaxInt32 - 1, 1}},
		"a common divisor":      {[]int64{3_000_000_000, 1_000_000_000}, []int32{3, 1}},
		"the largest remainder": {[]int64{math.MaxInt32, math.MaxInt32, math.MaxInt32 + 2}, []int32{715827882, 715827882, 715827883}},
		"too small a share":     {[]int64{1 << 40, 1}, []int32{math.MaxInt32, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, scale(c.weights)); diff != "" {
				t.Errorf("scale(%v) (-want +got):\n%s", c.weights, diff)
			}
		})
	}
}

func TestWeightsThatVanishAreRejected(t *testing.T) {
	table := routeTable{env: translators.Env{}, onlyPort: true}
	small := ir.Source{Ref: ir.Ref{Kind: "TrafficSplit", Namespace: "shop", Name: "reviews"}, Field: "spec.backendRefs[1]"}
	table.translate([]ir.Route{{Backends: []ir.Backend{{Weight: 1 << 40}, {Weight: 1, Source: small}}}})
	if len(table.issues) != 1 || table.issues[0].Source != small || table.issues[0].Effect != ir.EffectRejected {
		t.Errorf("issues = %+v, want one that rejects %v", table.issues, small)
	}
}
