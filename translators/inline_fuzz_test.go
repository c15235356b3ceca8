package translators_test

import (
	"encoding/json"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// FuzzInline feeds units that Resolve would never make: composing them ends,
// in bounds, and every rejection says where and why.
func FuzzInline(f *testing.F) {
	for seed := range uint64(20) {
		unit, err := json.Marshal(translatortest.NewGen(seed).RouteUnit().Route)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(unit, true, true)
	}
	f.Add([]byte(`{"routes":[{"backends":[{"service":{"name":"a"},"weight":1}]}],"backends":[{"member":true,"service":{"name":"a"},"split":{"ports":[{"routes":[]}]}}]}`), true, false)
	f.Fuzz(func(t *testing.T, data []byte, routing, request bool) {
		var u ir.RouteUnit
		if json.Unmarshal(data, &u) != nil {
			return
		}
		pairings := translators.Pairings{}
		for _, b := range u.Backends {
			translators.Needs(b)
			pairings[b.Service.Ref()] = translators.Pairing{ByRoute: translators.Layers{Routing: routing, Request: request}}
		}
		out, issues := translators.Inline(&u, pairings)
		if len(out.Routes) > translators.MaxInlined {
			t.Errorf("%d routes are more than %d", len(out.Routes), translators.MaxInlined)
		}
		for _, issue := range issues {
			if issue.Message == "" || issue.Reason == "" || issue.Code == "" {
				t.Errorf("issue %+v says too little", issue)
			}
		}
	})
}
