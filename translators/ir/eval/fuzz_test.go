package eval_test

import (
	"encoding/json"
	"math/big"
	"reflect"
	"testing"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// FuzzDecision feeds units and requests that nobody would write: evaluation
// never panics, is repeatable, and its shares add up to one.
func FuzzDecision(f *testing.F) {
	for seed := range uint64(20) {
		g := translatortest.NewGen(seed)
		for _, u := range []*ir.Unit{g.ServiceUnit(), g.RouteUnit(), g.AccessUnit()} {
			unit, err := json.Marshal(u)
			if err != nil {
				f.Fatal(err)
			}
			request, err := json.Marshal(g.Request(u))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(unit, request)
		}
	}
	f.Add([]byte(`{"service":{"ports":[{"routes":[{"match":{"path":{"type":"RegularExpression","value":"("}},"backends":[{"weight":-1}]}]}]}}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, unit, request []byte) {
		var u ir.Unit
		var r eval.Request
		if json.Unmarshal(unit, &u) != nil || json.Unmarshal(request, &r) != nil {
			return
		}
		switch {
		case u.Service != nil:
			checkDecision(t, func() eval.Decision { return eval.Service(u.Service, r) })
		case u.Route != nil:
			checkDecision(t, func() eval.Decision { return eval.Route(u.Route, r) })
		case u.Access != nil:
			v := eval.Access(u.Access, map[string]string{"app": "ratings"}, r)
			if v.Outcome == "" || v.Why == "" {
				t.Errorf("no verdict: %+v", v)
			}
		case u.Namespace != nil:
			eval.Namespace(u.Namespace, r)
		case u.External != nil:
			eval.External(u.External, "shop", r.Host, r.Port)
		}
	})
}

func checkDecision(t *testing.T, decide func() eval.Decision) {
	t.Helper()
	d := decide()
	if !reflect.DeepEqual(d, decide()) {
		t.Error("the same request was decided differently")
	}
	if d.Status != 0 && len(d.Shares) > 0 {
		t.Errorf("answered %d and sent on: %+v", d.Status, d)
	}
	sum := new(big.Rat)
	for _, s := range d.Shares {
		sum.Add(sum, s.Part.Rat())
	}
	if len(d.Shares) > 0 && sum.Cmp(big.NewRat(1, 1)) != 0 {
		t.Errorf("shares add up to %s: %+v", sum.RatString(), d.Shares)
	}
}
