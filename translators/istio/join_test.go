package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

var everyLayer = translators.Layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}

// pairWithItself joins the mesh with its own gateway.
func pairWithItself() translators.Pairing {
	mesh, ingress := Provider(), Provider()
	return translators.Join(&mesh, translators.Env{Variant: VariantSidecar}, &ingress, translators.Env{Variant: VariantGateway}, everyLayer)
}

func TestThePairIsMixed(t *testing.T) {
	want := translators.Pairing{
		Mode: translators.Mixed, Way: "Gateway",
		ByMesh:  translators.Layers{Transport: true, Identity: true, Destination: true, Access: true},
		ByRoute: translators.Layers{Routing: true, Request: true},
		Dial:    translators.DialAny, Host: translators.HostAny, MTLS: true,
	}
	if diff := cmp.Diff(want, pairWithItself()); diff != "" {
		t.Errorf("Join (-want +got):\n%s", diff)
	}
}

// TestNoOtherMeshGetsIntoTheGateway: another mesh's proxy in the gateway's pods
// is not offered, so a mesh that needs it is refused with an Issue.
func TestNoOtherMeshGetsIntoTheGateway(t *testing.T) {
	other, ingress := translators.Provider{Name: "Other", Mesh: &translators.MeshTranslator{}}, Provider()
	other.Joins = []translators.Way{{
		Name: "Sidecar", Marks: []translators.Mark{{Place: translators.OnPod, Annotation: true, Key: "other.example/inject", Value: "enabled"}},
		Dial: translators.DialService, Host: translators.HostKept, Gives: everyLayer,
	}}
	pairing := translators.Join(&other, translators.Env{}, &ingress, translators.Env{Variant: VariantGateway}, everyLayer)
	if pairing.Mode != "" || len(pairing.Issues) == 0 {
		t.Errorf("Join = %+v, want no mode and an Issue", pairing)
	}
}

// TestComposedRoutesAreMeant sends requests through routes into which the
// splits of their backends have been composed, as the pair needs it.
func TestComposedRoutesAreMeant(t *testing.T) {
	pairing, composed := pairWithItself(), 0
	for seed := range uint64(propertyUnits) {
		g := translatortest.NewGen(seed)
		unit := g.RouteUnit()
		pairings := translators.Pairings{}
		for _, backend := range unit.Route.Backends {
			pairings[backend.Service.Ref()] = translators.Pairing{Mode: translators.Plain}
			if backend.Member {
				pairings[backend.Service.Ref()] = pairing
			}
		}
		route, issues := translators.Inline(unit.Route, pairings)
		if len(route.Routes) == 0 || rejected(issues) {
			continue
		}
		composed++
		if diff := routesAsMeant(g, &ir.Unit{Key: unit.Key, Route: route}, nil); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
	if composed < propertyUnits/2 {
		t.Errorf("only %d of %d units could be composed: the property says little", composed, propertyUnits)
	}
}
