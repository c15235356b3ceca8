package translators_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// fate is one way that requests fare behind a gateway: comparable, so that
// parts of the same fate add up.
type fate struct {
	Status   int32
	Location string
	To       eval.Destination
	// Request, Response and Policy are JSON.
	Request, Response, Policy string
}

func asJSON(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(out)
}

// policy is what limits and disturbs a request.
type policy struct {
	Timeout, TryTimeout *time.Duration
	Retry               *ir.Retry
	Fault               *ir.Fault
	CORS                *ir.CORS
}

func policyOf(d *eval.Decision) policy {
	return policy{d.Timeout, d.TryTimeout, d.Retry, d.Fault, d.CORS}
}

// over is the policy of a route before that of the backend: the smaller
// timeout, and whatever else the route has.
func (p policy) over(inner policy) policy {
	return policy{
		first(p.Timeout, inner.Timeout), first(p.TryTimeout, inner.TryTimeout),
		cmp.Or(p.Retry, inner.Retry), cmp.Or(p.Fault, inner.Fault), cmp.Or(p.CORS, inner.CORS),
	}
}

func first(a, b *time.Duration) *time.Duration {
	switch {
	case a == nil:
		return b
	case b == nil || *b == 0:
		return a
	case *a == 0 || *b < *a:
		return b
	}
	return a
}

var answered = map[string]string{"x-beta": "app", "x-user": "app"}

// behind returns what the mesh does with a share of a route, as far as the
// route must carry it, and nil where it must carry nothing.
func behind(u *ir.RouteUnit, pairings translators.Pairings, to eval.Destination) (*ir.ServiceUnit, translators.Layers) {
	ref := ir.Ref{Kind: "Service", Namespace: to.Namespace, Name: to.Name}
	carry := pairings[ref].ByRoute
	for _, b := range u.Backends {
		if b.Service.Ref() == ref && b.Member && (carry.Routing || carry.Request) {
			return b.Split, carry
		}
	}
	return nil, carry
}

// expected sends the request through the route and then through the tables.
func expected(u *ir.RouteUnit, pairings translators.Pairings, r eval.Request) map[fate]eval.Fraction {
	d := eval.Route(u, r)
	if d.Status != 0 {
		return map[fate]eval.Fraction{{Status: d.Status, Location: d.Location}: "1"}
	}
	fates := map[fate]eval.Fraction{}
	add := func(f fate, part eval.Fraction) { fates[f] = cmp.Or(fates[f], "0").Plus(part) }
	for _, s := range d.Shares {
		outer := policyOf(&d)
		split, carry := behind(u, pairings, s.To)
		if split == nil || s.Status != 0 {
			add(fateOf(&s, nil, outer), s.Part)
			continue
		}
		inner := eval.Service(split, s.Request)
		said := policyOf(&inner)
		if !carry.Request {
			said.Timeout, said.TryTimeout, said.Retry, said.Fault = nil, nil, nil, nil
		}
		if !carry.Routing {
			said.CORS = nil
			add(fateOf(&s, nil, outer.over(said)), s.Part)
			continue
		}
		if inner.Status != 0 && inner.Status != 500 {
			add(fate{Status: inner.Status, Location: inner.Location}, s.Part)
		} else if inner.Status == 500 {
			add(fate{Status: 500, Policy: asJSON(outer.over(said))}, s.Part)
		}
		for _, share := range inner.Shares {
			add(fateOf(&share, s.Response, outer.over(said)), s.Part.Times(share.Part))
		}
	}
	return fates
}

func fateOf(s *eval.Share, then []*ir.HeaderModifier, p policy) fate {
	f := fate{Status: s.Status, To: s.To, Policy: asJSON(p)}
	if s.Status == 0 {
		f.Request, f.Response = asJSON(s.Request), asJSON(eval.ModifyHeaders(s.Answer(answered), then...))
	}
	return f
}

func copiesOf(list []eval.Copy) map[string]eval.Fraction {
	out := map[string]eval.Fraction{}
	for _, c := range list {
		key := asJSON(c.To) + asJSON(c.Request)
		out[key] = cmp.Or(out[key], "0").Plus(c.Part)
	}
	return out
}

// expectedCopies are the route's mirrors and those of the tables that the
// requests get to.
func expectedCopies(u *ir.RouteUnit, pairings translators.Pairings, r eval.Request) map[string]eval.Fraction {
	d := eval.Route(u, r)
	copies := d.Copies
	for _, s := range d.Shares {
		split, carry := behind(u, pairings, s.To)
		if split == nil || !carry.Routing || s.Status != 0 {
			continue
		}
		inner := eval.Service(split, s.Request)
		for _, c := range inner.Copies {
			c.Part = s.Part.Times(c.Part)
			copies = append(copies, c)
		}
	}
	return copiesOf(copies)
}

func actual(u *ir.RouteUnit, r eval.Request) map[fate]eval.Fraction {
	d := eval.Route(u, r)
	if d.Status != 0 {
		return map[fate]eval.Fraction{{Status: d.Status, Location: d.Location}: "1"}
	}
	fates := map[fate]eval.Fraction{}
	for _, s := range d.Shares {
		f := fateOf(&s, nil, policyOf(&d))
		fates[f] = cmp.Or(fates[f], "0").Plus(s.Part)
	}
	return fates
}

// difference says how the inlined unit answers the request otherwise than the
// route and the tables do; compared is false where the route was rejected.
func difference(u *ir.RouteUnit, pairings translators.Pairings, r eval.Request) (diff string, compared bool) {
	inlined, issues := translators.Inline(u, pairings)
	return differenceFrom(u, pairings, inlined, issues, r)
}

func differenceFrom(u *ir.RouteUnit, pairings translators.Pairings, inlined *ir.RouteUnit, issues []ir.Issue, r eval.Request) (diff string, compared bool) {
	if line := eval.Route(u, r).Line; line >= 0 {
		for _, issue := range issues {
			if issue.Effect == ir.EffectRejected && issue.Source == u.Routes[line].Source {
				return "", false
			}
		}
	}
	if want, got := expected(u, pairings, r), actual(inlined, r); !maps.Equal(want, got) {
		diff = gocmp.Diff(want, got)
	}
	if want, got := expectedCopies(u, pairings, r), copiesOf(eval.Route(inlined, r).Copies); !maps.Equal(want, got) {
		diff += gocmp.Diff(want, got)
	}
	return diff, true
}

func randomPairings(g *translatortest.Gen, u *ir.RouteUnit) translators.Pairings {
	choices := []translators.Layers{{Routing: true, Request: true}, {Routing: true, Request: true}, {Routing: true}, {Request: true}, {}}
	pairings := translators.Pairings{}
	for _, b := range u.Backends {
		pairings[b.Service.Ref()] = translators.Pairing{Mode: translators.Inlined, ByRoute: choices[g.IntN(len(choices))]}
	}
	return pairings
}

// For random routes, services and requests the inlined route answers as the
// route followed by the service.
func TestInlineMeansRouteThenService(t *testing.T) {
	compared, rejected := 0, 0
	for seed := range uint64(1000) {
		g := translatortest.NewGen(seed)
		unit := g.RouteUnit()
		pairings := randomPairings(g, unit.Route)
		before := translatortest.Clone(unit)
		inlined, issues := translators.Inline(unit.Route, pairings)
		for range 10 {
			r := g.Request(unit)
			diff, ok := differenceFrom(unit.Route, pairings, inlined, issues, r)
			if diff != "" {
				small := translatortest.Shrink(unit, func(u *ir.Unit) bool {
					diff, _ := difference(u.Route, pairings, r)
					return diff != ""
				})
				diff, _ = difference(small.Route, pairings, r)
				t.Fatalf("seed %d, request %s\nunit %s\npairings %s\n(-route then service +inlined):\n%s", seed, asJSON(r), asJSON(small), asJSON(fmt.Sprint(pairings)), diff)
			}
			if ok {
				compared++
			} else {
				rejected++
			}
		}
		if diff := gocmp.Diff(before, unit); diff != "" {
			t.Fatalf("seed %d: Inline changed its argument:\n%s", seed, diff)
		}
	}
	if compared < 2*rejected {
		t.Errorf("%d requests compared, %d of rejected routes: too few to prove anything", compared, rejected)
	}
	t.Logf("%d requests compared, %d of rejected routes", compared, rejected)
}

// Every path match, rewritten in every way, in front of every path match and
// rewrite or redirect of a split, for every path: all of them can be composed
// but a regular expression behind a rewrite.
func TestInlineComposesPaths(t *testing.T) {
	match := func(typ ir.PathType, value string) *ir.PathMatch { return &ir.PathMatch{Type: typ, Value: value} }
	full := func(value string) *ir.PathModifier { return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: value} }
	prefix := func(value string) *ir.PathModifier {
		return &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: value}
	}
	matches := []*ir.PathMatch{
		nil, match(ir.PathPrefix, "/"), match(ir.PathPrefix, "/a"), match(ir.PathPrefix, "/a/"), match(ir.PathPrefix, "/a/b"), match(ir.PathPrefix, "/b"),
		match(ir.PathExact, "/"), match(ir.PathExact, "/a"), match(ir.PathExact, "/a/"), match(ir.PathExact, "/a/b"), match(ir.PathExact, "/b"), match(ir.PathExact, "/b/"),
	}
	mods := []*ir.PathModifier{nil, full("/a"), full("/"), prefix("/"), prefix("/a"), prefix("/b"), prefix("/b/a/")}
	paths := []string{"/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/x", "/b", "/b/", "/b/a", "/a/a", "/a//b", "//"}
	backend := ir.ServiceRef{Namespace: "shop", Name: "reviews", Port: ir.Port{Number: 9080}}
	pairings := translators.Pairings{backend.Ref(): {ByRoute: translators.Layers{Routing: true, Request: true}}}
	rewriteOf := func(mod *ir.PathModifier) *ir.Rewrite {
		if mod == nil {
			return nil
		}
		return &ir.Rewrite{Path: mod}
	}
	for i := range len(matches) * len(matches) * len(mods) * len(mods) * 2 {
		n := i
		pick := func(of int) int { k := n % of; n /= of; return k }
		route := ir.Route{Match: ir.Match{Path: matches[pick(len(matches))]}, Backends: []ir.Backend{{Service: backend, Weight: 1}}}
		route.Filters.Rewrite = rewriteOf(mods[pick(len(mods))])
		line := ir.Route{Match: ir.Match{Path: matches[pick(len(matches))]}}
		if mod := mods[pick(len(mods))]; pick(2) == 0 {
			line.Backends, line.Filters.Rewrite = []ir.Backend{{Service: backend, Subset: "v1", Weight: 1}}, rewriteOf(mod)
		} else {
			line.Filters.Redirect = &ir.Redirect{StatusCode: 302, Path: mod}
		}
		table := []ir.Route{line, {Backends: []ir.Backend{{Service: backend, Subset: "v2", Weight: 1}}}}
		unit := &ir.RouteUnit{Routes: []ir.Route{route}, Backends: []ir.RouteBackend{{
			Service: ir.Service{Namespace: "shop", Name: "reviews"}, Member: true,
			Split: &ir.ServiceUnit{Ports: []ir.PortRoutes{{Port: backend.Port, Routes: table}}},
		}}}
		inlined, issues := translators.Inline(unit, pairings)
		for _, path := range paths {
			r := eval.Request{Method: "GET", Scheme: "http", Host: "shop.example", Port: 80, Path: path}
			diff, compared := differenceFrom(unit, pairings, inlined, issues, r)
			if diff != "" || !compared {
				t.Fatalf("%s is answered otherwise (compared: %v) by the route %s in front of %s\n(-route then service +inlined):\n%s", path, compared, asJSON(route), asJSON(line), diff)
			}
		}
	}
}
