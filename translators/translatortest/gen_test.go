package translatortest_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func TestGenRepeats(t *testing.T) {
	for _, make := range []func(*rand.Rand) *ir.Unit{
		translatortest.RandomServiceUnit, translatortest.RandomRouteUnit, translatortest.RandomAccessUnit,
	} {
		a, b := make(rand.New(rand.NewPCG(7, 7))), make(rand.New(rand.NewPCG(7, 7)))
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("the same seed made different units:\n%s", diff)
		}
	}
}

func TestGenMakesValidTables(t *testing.T) {
	for seed := range uint64(500) {
		g := translatortest.NewGen(seed)
		for _, port := range g.ServiceUnit().Service.Ports {
			last := port.Routes[len(port.Routes)-1]
			if !reflect.DeepEqual(last.Match, ir.Match{}) {
				t.Fatalf("seed %d: the last route does not match everything", seed)
			}
			for _, r := range port.Routes {
				if weighted := slices.ContainsFunc(r.Backends, func(b ir.Backend) bool { return b.Weight > 0 }); weighted == (r.Filters.Redirect != nil) {
					t.Fatalf("seed %d: %+v has a redirect and backends, or neither", seed, r)
				}
			}
		}
	}
}

// Requests have to meet the matches, else property tests prove nothing.
func TestGenMeetsItsMatches(t *testing.T) {
	lines, allowed, denied, notFound := map[int]int{}, 0, 0, 0
	for seed := range uint64(2000) {
		g := translatortest.NewGen(seed)
		u := g.ServiceUnit()
		lines[eval.Service(u.Service, g.Request(u)).Line]++
		r := g.RouteUnit()
		if eval.Route(r.Route, g.Request(r)).Status == 404 {
			notFound++
		}
		a := g.AccessUnit()
		switch eval.Access(a.Access, a.Access.Targets[0].Workloads[0].Labels, g.Request(a)).Outcome {
		case eval.Allowed:
			allowed++
		case eval.Denied:
			denied++
		case eval.MeshDefault:
		}
	}
	if lines[0] < 500 || lines[1] < 100 || lines[2] < 50 || notFound < 100 || allowed < 200 || denied < 200 {
		t.Errorf("requests meet too little: lines %v, %d not found, %d allowed, %d denied", lines, notFound, allowed, denied)
	}
}

func TestGenWithout(t *testing.T) {
	without := map[ir.Feature]bool{
		ir.MatchPathRegex: true, ir.CORSPolicy: true, ir.Mirroring: true, ir.SplitBySubset: true, ir.FaultInjectionAbort: true,
		ir.MatchHeaderRegex: true, ir.BackendHeaders: true, ir.RetryBackoff: true, ir.RewriteHost: true, ir.AccessPathRegex: true,
	}
	for seed := range uint64(500) {
		g := translatortest.NewGen(seed)
		g.Without = without
		for _, u := range []*ir.Unit{g.ServiceUnit(), g.RouteUnit(), g.AccessUnit(), g.NamespaceUnit()} {
			for _, use := range ir.Uses(u) {
				if without[use.Feature] {
					t.Fatalf("seed %d uses %s", seed, use.Feature)
				}
			}
		}
	}
}

func TestShrink(t *testing.T) {
	u := translatortest.NewGen(3).ServiceUnit()
	u.Service.Ports[0].Routes[0].Match.Headers = []ir.ValueMatch{{Type: ir.ValueExact, Name: "x-beta", Value: "1"}, {Type: ir.ValueExact, Name: "x-user", Value: "jane"}}
	fails := func(u *ir.Unit) bool {
		for _, p := range u.Service.Ports {
			for _, r := range p.Routes {
				if len(r.Match.Headers) > 0 {
					return true
				}
			}
		}
		return false
	}
	before := translatortest.Clone(u)
	small := translatortest.Shrink(u, fails)
	if !fails(small) {
		t.Fatal("the shrunk unit does not fail any more")
	}
	if routes := small.Service.Ports[0].Routes; len(routes) != 2 || len(routes[0].Match.Headers) != 1 || len(small.Participants) != 0 {
		t.Errorf("shrunk to %+v, want one header match and the last route", small.Service.Ports)
	}
	if diff := cmp.Diff(before, u); diff != "" {
		t.Errorf("Shrink changed its argument:\n%s", diff)
	}
}

// TestGenKnowsCallers holds that units come with those that their rules name,
// and that what providers may need occurs.
func TestGenKnowsCallers(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(300) {
		g := translatortest.NewGen(seed)
		access, service, namespace := g.AccessUnit().Access, g.ServiceUnit().Service, g.NamespaceUnit().Namespace
		for _, rule := range access.Targets[0].Rules.Allow {
			for _, caller := range rule.From {
				for _, id := range caller.Identities {
					if named := caller.Namespaces == nil || slices.Contains(caller.Namespaces, id.Namespace); named && !runsAs(access.Callers, id) {
						t.Fatalf("seed %d: %v is named by a rule and no caller runs as it", seed, id)
					}
				}
			}
		}
		for name, n := range map[string]int{
			"callers of a service": len(service.Callers), "namesakes": len(service.Service.Namesakes),
			"services": len(namespace.Services), "targeted": len(namespace.Targeted), "members": len(g.MeshUnit().Mesh.Members),
		} {
			found[name] += n
		}
	}
	for name, n := range found {
		if n == 0 {
			t.Errorf("no unit has %s", name)
		}
	}
}

func runsAs(callers []ir.CallerService, id ir.Identity) bool {
	return slices.ContainsFunc(callers, func(c ir.CallerService) bool {
		return slices.ContainsFunc(c.Workloads, func(w ir.Workload) bool { return w.Identity == id })
	})
}
