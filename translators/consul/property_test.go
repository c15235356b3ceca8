package consul

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	propertyUnits   = 4000
	requestsPerUnit = 8
	leastCompared   = 10000
	mutationSearch  = 1500
)

// seeds are those of units that once were not as meant; they are tried first.
var seeds = []uint64{1452}

// alter changes a translation before it is evaluated, to see whether a property
// notices; nil changes nothing.
type alter func(*translators.Result)

// generator makes units that ask for nothing that Consul cannot do.
func generator(seed uint64) *translatortest.Gen {
	g := translatortest.NewGen(seed)
	g.Without = map[ir.Feature]bool{}
	for feature, support := range supports(translators.Env{}) {
		g.Without[feature] = support.Level == translators.Unsupported
	}
	return g
}

// servedBy are the services that the unit's backends are.
func servedBy(u *ir.ServiceUnit) map[string]bool {
	served := map[string]bool{u.Service.Name: true}
	for _, p := range u.Ports {
		for _, r := range p.Routes {
			for _, b := range r.Backends {
				served[b.Service.Name] = true
			}
		}
	}
	return served
}

// compare answers requests by the unit and by its translation. It returns the
// first difference and how many were compared.
func compare(unit *ir.Unit, requests []eval.Request, change alter) (diff string, compared int) {
	result := translateService(translators.Env{}, unit.Service)
	if slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Effect == ir.EffectRejected }) {
		return "", 0
	}
	if change != nil {
		change(&result)
	}
	e := read(result, servedBy(unit.Service))
	for i, req := range requests {
		if diff := differs(&e, unit.Service.Service.Name, req, eval.Service(unit.Service, req)); diff != "" {
			return fmt.Sprintf("%s\nrequest %s\nis %s", diff, form(req), form(result.Objects)), i + 1
		}
	}
	return "", len(requests)
}

func form(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// requestsTo makes requests whose paths have no empty elements: of those Consul
// drops one where it rewrites, which is declared and has a test of its own.
func requestsTo(g *translatortest.Gen, unit *ir.Unit) []eval.Request {
	out := make([]eval.Request, 0, requestsPerUnit)
	for range requestsPerUnit {
		req := g.Request(unit)
		req.Port, req.Opaque = translatortest.HTTPPort, false
		req.Path = "/" + strings.TrimLeft(req.Path, "/")
		for strings.Contains(req.Path, "//") {
			req.Path = strings.ReplaceAll(req.Path, "//", "/")
		}
		out = append(out, req)
	}
	return out
}

// asMeant tries one seed; what is not as meant is made small before it is shown.
func asMeant(seed uint64, change alter) (diff string, compared int) {
	g := generator(seed)
	unit := g.ServiceUnit()
	requests := requestsTo(g, unit)
	diff, compared = compare(unit, requests, change)
	if diff == "" || change != nil {
		return diff, compared
	}
	small := translatortest.Shrink(unit, func(u *ir.Unit) bool { diff, _ := compare(u, requests, change); return diff != "" })
	diff, _ = compare(small, requests, change)
	return fmt.Sprintf("%s\nunit %s", diff, form(small)), compared
}

func TestServicesAreRoutedAsMeant(t *testing.T) {
	total := 0
	try := func(seed uint64) {
		diff, compared := asMeant(seed, nil)
		if total += compared; diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
	for _, seed := range seeds {
		try(seed)
	}
	for seed := range uint64(propertyUnits) {
		try(seed)
	}
	if total < leastCompared {
		t.Errorf("%d requests were compared, want %d at least: too much is rejected", total, leastCompared)
	}
	t.Logf("%d requests compared", total)
}
