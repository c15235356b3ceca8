package translators_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Shorthands of the data below.
type (
	layers = translators.Layers
	dials  = map[translators.Dial]translators.Scope
	mark   = translators.Mark
)

var (
	all         = layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}
	membership  = layers{Transport: true, Identity: true, Access: true}
	onPod       = []translators.Place{translators.OnPod}
	anywhere    = []translators.Place{translators.OnPod, translators.OnService}
	podsOnly    = dials{translators.DialPod: translators.Always}
	withService = dials{translators.DialPod: translators.PerGateway, translators.DialService: translators.PerGateway}
)

// The meshes, as their pairings were seen (or are documented): what a mesh goes
// by is in Dial and Host.
var (
	istioSidecar = &translators.Provider{Name: "Istio", Joins: []translators.Way{
		{Name: "Gateway", Native: "Istio", Dial: translators.DialAny, Host: translators.HostAny, Gives: layers{Transport: true, Identity: true, Destination: true, Access: true}},
		{
			Name: "Sidecar", Marks: []mark{{Place: translators.OnPod, Key: "sidecar.istio.io/inject", Value: "true"}},
			Dial: translators.DialAny, Host: translators.HostService, Gives: all, Otherwise: translators.Refused, Notes: []string{"the Host is replaced"},
		},
		{Name: "Certificate", Speaks: "IstioMTLS", Dial: translators.DialAny, Host: translators.HostAny, Gives: membership, Otherwise: translators.Plaintext},
	}}
	istioAmbient = &translators.Provider{Name: "Istio", Joins: []translators.Way{
		{Name: "GatewayThroughWaypoint", Native: "Istio", Marks: []mark{{Place: translators.OnService, Key: "istio.io/ingress-use-waypoint", Value: "true"}}, Dial: translators.DialAny, Host: translators.HostAny, Gives: all},
		{
			Name: "Waypoint", Marks: []mark{{Place: translators.OnPod, Key: "istio.io/dataplane-mode", Value: "ambient"}},
			Dial: translators.DialService, Host: translators.HostAny, Gives: all, Otherwise: translators.SplitLost,
		},
		{
			Name: "Ztunnel", Marks: []mark{{Place: translators.OnPod, Key: "istio.io/dataplane-mode", Value: "ambient"}},
			Dial: translators.DialAny, Host: translators.HostAny, Gives: membership, Otherwise: translators.Plaintext,
		},
	}}
	linkerd = &translators.Provider{Name: "Linkerd", Joins: []translators.Way{
		{
			Name: "Proxy", Marks: []mark{{Place: translators.OnPod, Annotation: true, Key: "linkerd.io/inject", Value: "enabled"}},
			Dial: translators.DialService, Host: translators.HostKept, Gives: all, Otherwise: translators.SplitLost,
		},
		{
			Name: "IngressMode", Marks: []mark{{Place: translators.OnPod, Annotation: true, Key: "linkerd.io/inject", Value: "ingress"}},
			Dial: translators.DialAny, Host: translators.HostKept, Header: "l5d-dst-override", Gives: all, Otherwise: translators.SplitLost,
		},
	}}
	consul = &translators.Provider{Name: "Consul", Joins: []translators.Way{
		{Name: "APIGateway", Native: "Consul", Dial: translators.DialAny, Host: translators.HostAny, Gives: all},
		{
			Name: "TransparentProxy", Marks: []mark{{Place: translators.OnPod, Annotation: true, Key: "consul.hashicorp.com/connect-inject", Value: "true"}},
			Dial: translators.DialService, Host: translators.HostKept, Gives: all, Otherwise: translators.Refused,
		},
	}}
)

// The ingresses, by what their configuration lets them do.
var (
	envoyGateway = ingress("EnvoyGateway", translators.JoinAbilities{
		Marks: onPod, Dial: withService, Host: translators.PerRoute, Header: translators.PerBackend, Inline: layers{Request: true}, OwnIdentity: true,
	})
	envoyGatewayKeepsHost = ingress("EnvoyGateway", translators.JoinAbilities{Marks: onPod, Dial: withService, OwnIdentity: true})
	traefik               = ingress("Traefik", translators.JoinAbilities{
		Marks: anywhere, Dial: dials{translators.DialPod: translators.PerService, translators.DialService: translators.PerService}, Host: translators.PerRoute,
	})
	traefikDialsPods     = ingress("Traefik", translators.JoinAbilities{Marks: anywhere, Dial: podsOnly, Host: translators.PerRoute})
	traefikPodsKeepsHost = ingress("Traefik", translators.JoinAbilities{Marks: anywhere, Dial: podsOnly})
	istioGateway         = ingress("Istio", translators.JoinAbilities{
		Marks: []translators.Place{translators.OnService}, Dial: podsOnly, Host: translators.PerBackend, Header: translators.PerBackend,
		Inline: layers{Routing: true, Request: true}, OwnIdentity: true,
	})
	kgateway = ingress("Kgateway", translators.JoinAbilities{
		Dial: podsOnly, Header: translators.PerBackend, Speaks: []string{"IstioMTLS"}, Inline: layers{Routing: true, Request: true, Destination: true}, OwnIdentity: true,
	})
	kgatewayInjected = ingress("Kgateway", translators.JoinAbilities{Marks: anywhere, Dial: withService, Header: translators.PerBackend, OwnIdentity: true})
	nginx26          = ingress("NGINX", translators.JoinAbilities{Marks: onPod, Dial: podsOnly, Host: translators.PerRoute, Header: translators.PerRoute, OwnIdentity: true})
	nginx27          = ingress("NGINX", translators.JoinAbilities{
		Marks: onPod, Dial: dials{translators.DialPod: translators.PerService, translators.DialService: translators.PerService}, Host: translators.PerRoute, Header: translators.PerRoute, OwnIdentity: true,
	})
	consulGateway = ingress("Consul", translators.JoinAbilities{Dial: podsOnly, OwnIdentity: true})
	ingressNGINX  = ingress("IngressNGINX", translators.JoinAbilities{
		Marks: anywhere, Dial: dials{translators.DialPod: translators.PerRoute, translators.DialService: translators.PerRoute}, Host: translators.PerRoute, OwnIdentity: true,
	})
	strange = &translators.Provider{Name: "Strange"}
)

func ingress(name string, can translators.JoinAbilities) *translators.Provider {
	return &translators.Provider{Name: name, Joinable: &can}
}

// Every row of the pairs that were seen with counted traffic: 503 and a lost
// split must be told beforehand, 75/25 must come out as a pairing.
func TestJoinSeenPairs(t *testing.T) {
	tests := []joinTest{
		{name: "Envoy Gateway, Istio, Service address, outside host", ingress: envoyGatewayKeepsHost, mesh: istioSidecar, fails: "cannot replace the Host header"},
		{name: "Envoy Gateway, Istio, Service address, Host rewritten", ingress: envoyGateway, mesh: istioSidecar, way: "Sidecar", mode: translators.Thin},
		{name: "Traefik, Istio, pod addresses, outside host", ingress: traefikPodsKeepsHost, mesh: istioSidecar, fails: "the mesh refuses the requests"},
		{name: "Traefik, Istio, pod addresses, Host rewritten", ingress: traefikDialsPods, mesh: istioSidecar, way: "Sidecar", mode: translators.Thin},
		{name: "Envoy Gateway, Linkerd, Service address, outside host", ingress: envoyGatewayKeepsHost, mesh: linkerd, way: "Proxy", mode: translators.Thin},
		{name: "Traefik, Linkerd, pod addresses", ingress: traefikDialsPods, mesh: linkerd, fails: "splits are lost"},
		{name: "Traefik, Linkerd, nativelb", ingress: traefik, mesh: linkerd, way: "Proxy", mode: translators.Thin},
		{name: "Istio gateway, Istio", ingress: istioGateway, mesh: istioSidecar, way: "Gateway", mode: translators.Mixed, byRoute: layers{Routing: true, Request: true}},
	}
	runJoin(t, tests)
}

// The table of ingresses and meshes, as far as its answers follow from data.
func TestJoinTable(t *testing.T) {
	tests := []joinTest{
		{name: "Istio gateway, ambient", ingress: istioGateway, mesh: istioAmbient, way: "GatewayThroughWaypoint", mode: translators.Thin},
		{name: "Istio gateway, Linkerd", ingress: istioGateway, mesh: linkerd, fails: "linkerd.io/inject"},
		{name: "Istio gateway, Consul", ingress: istioGateway, mesh: consul, fails: "connect-inject"},
		{name: "Envoy Gateway, ambient", ingress: envoyGateway, mesh: istioAmbient, way: "Waypoint", mode: translators.Thin},
		{name: "Envoy Gateway, Consul", ingress: envoyGateway, mesh: consul, way: "TransparentProxy", mode: translators.Thin},
		{name: "kgateway, Istio", ingress: kgateway, mesh: istioSidecar, way: "Certificate", mode: translators.Inlined, byRoute: layers{Routing: true, Request: true, Destination: true}},
		{name: "kgateway, ambient", ingress: kgatewayInjected, mesh: istioAmbient, way: "Waypoint", mode: translators.Thin},
		{name: "kgateway, Linkerd", ingress: ingressWithout(kgatewayInjected, translators.DialService), mesh: linkerd, way: "IngressMode", mode: translators.Thin, choice: translators.PerBackend},
		{name: "NGINX 2.6, Istio", ingress: nginx26, mesh: istioSidecar, way: "Sidecar", mode: translators.Thin, choice: translators.PerRoute},
		{name: "NGINX 2.6, ambient, with a split", ingress: nginx26, mesh: istioAmbient, fails: "neither the mesh nor its routes would provide traffic splits"},
		{name: "NGINX 2.6, ambient, without", ingress: nginx26, mesh: istioAmbient, needs: &membership, way: "Ztunnel", mode: translators.Thin},
		{name: "NGINX 2.6, Linkerd", ingress: nginx26, mesh: linkerd, way: "IngressMode", mode: translators.Thin, choice: translators.PerRoute},
		{name: "NGINX 2.7, Linkerd", ingress: nginx27, mesh: linkerd, way: "Proxy", mode: translators.Thin},
		{name: "NGINX 2.7, ambient", ingress: nginx27, mesh: istioAmbient, way: "Waypoint", mode: translators.Thin},
		{name: "Traefik, ambient", ingress: traefik, mesh: istioAmbient, way: "Waypoint", mode: translators.Thin},
		{name: "Traefik, Consul", ingress: traefik, mesh: consul, way: "TransparentProxy", mode: translators.Thin},
		{name: "Consul gateway, Istio", ingress: consulGateway, mesh: istioSidecar, fails: "sidecar.istio.io/inject"},
		{name: "Consul gateway, Linkerd", ingress: consulGateway, mesh: linkerd, fails: "linkerd.io/inject"},
		{name: "Consul gateway, Consul", ingress: consulGateway, mesh: consul, way: "APIGateway", mode: translators.Thin},
		{name: "ingress-nginx, Istio", ingress: ingressNGINX, mesh: istioSidecar, way: "Sidecar", mode: translators.Thin},
		{name: "ingress-nginx, Linkerd", ingress: ingressNGINX, mesh: linkerd, way: "Proxy", mode: translators.Thin},
		{name: "an ingress that joins nothing", ingress: strange, mesh: linkerd, fails: "no way into this mesh"},
		{name: "plain", ingress: strange, mode: translators.Plain, needs: &layers{}},
	}
	runJoin(t, tests)
}

type joinTest struct {
	name          string
	ingress, mesh *translators.Provider
	// needs are all layers where nil.
	needs   *layers
	way     string
	mode    translators.PairingMode
	byRoute layers
	// choice is checked where it is set.
	choice translators.Scope
	// fails is a part of the message where there is no pairing.
	fails string
}

func runJoin(t *testing.T, tests []joinTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			needs := all
			if tt.needs != nil {
				needs = *tt.needs
			}
			p := translators.Join(tt.mesh, translators.Env{}, tt.ingress, translators.Env{}, needs)
			if tt.fails != "" {
				if len(p.Issues) != 1 || p.Mode != "" || p.Issues[0].Effect != ir.EffectRejected || !strings.Contains(p.Issues[0].Message, tt.fails) {
					t.Fatalf("pairing %+v, want an issue that says %q", p, tt.fails)
				}
				return
			}
			if p.Way != tt.way || p.Mode != tt.mode || len(p.Issues) > 0 || tt.choice != "" && p.Choice != tt.choice {
				t.Errorf("pairing %+v, want %s by %q (choice %q)", p, tt.mode, tt.way, tt.choice)
			}
			if diff := cmp.Diff(tt.byRoute, p.ByRoute); diff != "" {
				t.Errorf("the route carries (-want +got):\n%s", diff)
			}
			if p.ByMesh.And(p.ByRoute) != (layers{}) {
				t.Errorf("both sides provide %s", p.ByMesh.And(p.ByRoute))
			}
			if missing := needs.Without(p.ByMesh).Without(p.ByRoute); missing != (layers{}) {
				t.Errorf("nobody provides %s", missing)
			}
		})
	}
}

func ingressWithout(p *translators.Provider, dial translators.Dial) *translators.Provider {
	can := *p.Joinable
	can.Dial = dials{}
	for d, scope := range p.Joinable.Dial {
		if d != dial {
			can.Dial[d] = scope
		}
	}
	return ingress(p.Name, can)
}

func TestJoinDetails(t *testing.T) {
	onlyInVersion := &translators.Provider{Name: "Istio", Joins: append([]translators.Way{{
		Name: "New", When: func(env translators.Env) bool { return env.Version == "2" }, Dial: translators.DialAny, Host: translators.HostAny, Gives: all,
	}}, istioSidecar.Joins...)}
	if p := translators.Join(onlyInVersion, translators.Env{Version: "2"}, envoyGateway, translators.Env{}, all); p.Way != "New" {
		t.Errorf("way %q, want the one of the version", p.Way)
	}
	p := translators.Join(onlyInVersion, translators.Env{Version: "1"}, traefik, translators.Env{}, all)
	want := translators.Pairing{
		Mode: translators.Thin, Way: "Sidecar", ByMesh: all, Marks: istioSidecar.Joins[1].Marks,
		Dial: translators.DialAny, Host: translators.HostService, Choice: translators.PerRoute, MTLS: true,
		Notes: []string{"the Host is replaced", "all gateways of this controller share one identity: access policies cannot tell them apart"},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("pairing (-want +got):\n%s", diff)
	}
	// A way that is short of a layer that nobody needs is good enough.
	if p := translators.Join(istioSidecar, translators.Env{}, istioGateway, translators.Env{}, membership); p.Mode != translators.Thin || p.Way != "Gateway" {
		t.Errorf("pairing %+v, want Thin by the gateway", p)
	}
	if p := translators.Join(istioSidecar, translators.Env{}, istioGateway, translators.Env{}, layers{Transport: true, Routing: true}); p.Mode != translators.Inlined {
		t.Errorf("mode %s, want Inlined where the route carries all there is", p.Mode)
	}
}

func TestNeeds(t *testing.T) {
	apex := ir.Service{Namespace: "shop", Name: "reviews"}
	to := func(name, subset string) []ir.Backend {
		return []ir.Backend{{Service: ir.ServiceRef{Namespace: "shop", Name: name}, Subset: subset, Weight: 1}}
	}
	split := func(routes ...ir.Route) *ir.ServiceUnit {
		return &ir.ServiceUnit{Service: apex, Ports: []ir.PortRoutes{{Routes: routes}}}
	}
	with := func(more layers) layers {
		return layers{Transport: true, Identity: true, Access: true, Routing: more.Routing, Request: more.Request, Destination: more.Destination}
	}
	tests := []struct {
		name    string
		backend ir.RouteBackend
		want    layers
	}{
		{"outside the mesh", ir.RouteBackend{Service: apex, Split: split(ir.Route{Backends: to("v1", "")})}, layers{}},
		{"nothing is said", ir.RouteBackend{Service: apex, Member: true}, membership},
		{"the Service itself", ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Backends: to("reviews", "")})}, membership},
		{"another Service", ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Backends: to("v1", "")})}, with(layers{Routing: true})},
		{"a subset", ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Backends: to("reviews", "v1")})}, with(layers{Routing: true})},
		{
			"a filter",
			ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Backends: to("reviews", ""), Filters: ir.Filters{CORS: &ir.CORS{}}})},
			with(layers{Routing: true}),
		},
		{"a redirect", ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Filters: ir.Filters{Redirect: &ir.Redirect{}}})}, with(layers{Routing: true})},
		{
			"a timeout",
			ir.RouteBackend{Service: apex, Member: true, Split: split(ir.Route{Backends: to("reviews", ""), Timeouts: ir.Timeouts{Request: &ir.Timeout{}}})},
			with(layers{Request: true}),
		},
		{
			"a pool",
			ir.RouteBackend{Service: apex, Member: true, Split: &ir.ServiceUnit{Service: apex, Destination: ir.DestinationPolicy{ConnectionPool: &ir.ConnectionPool{}}}},
			with(layers{Destination: true}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, translators.Needs(tt.backend)); diff != "" {
				t.Errorf("Needs (-want +got):\n%s", diff)
			}
		})
	}
}
