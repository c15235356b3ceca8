package translatortest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// Gen makes random units: valid as Resolve would make them, small, and with a
// vocabulary so narrow that matches, routes and requests meet often. The same
// seed makes the same units.
type Gen struct {
	*rand.Rand
	// Without names features that no unit uses.
	Without map[ir.Feature]bool
}

// NewGen returns a generator for the seed.
func NewGen(seed uint64) *Gen { return &Gen{Rand: rand.New(rand.NewPCG(seed, seed))} }

// RandomServiceUnit returns a random service unit.
func RandomServiceUnit(r *rand.Rand) *ir.Unit { return (&Gen{Rand: r}).ServiceUnit() }

// RandomRouteUnit returns a random route unit.
func RandomRouteUnit(r *rand.Rand) *ir.Unit { return (&Gen{Rand: r}).RouteUnit() }

// RandomAccessUnit returns a random access unit.
func RandomAccessUnit(r *rand.Rand) *ir.Unit { return (&Gen{Rand: r}).AccessUnit() }

// The names that random units are made of.
const (
	Namespace = "shop"
	// HTTPPort and OpaquePort are ports of every Service and container.
	HTTPPort   int32 = 9080
	OpaquePort int32 = 9999
	// GatewayPort and Hostname are those of the route units.
	GatewayPort int32 = 80
	Hostname          = "shop.example"
)

var (
	pathValues   = []string{"/", "/a", "/a/", "/a/b", "/ab", "/b", "/a/b/c"}
	pathRegexes  = []string{"/a.*", "/(a|b)", "/[a-z]+/b", "/"}
	methods      = []string{"GET", "POST", "DELETE"}
	headerNames  = []string{"x-beta", "x-user", "x-zone"}
	headerValues = []string{"jane", "jason", "1", ""}
	valueRegexes = []string{"ja.*", "[0-9]+", ".*", "jane|1"}
	queryNames   = []string{"Lang", "q"}
)

// one returns an element of the list.
func one[T any](g *Gen, list []T) T { return list[g.IntN(len(list))] }

// chance is true with the probability 1/n.
func (g *Gen) chance(n int) bool { return g.IntN(n) == 0 }

// may is true with the probability 1/n where the feature is wanted.
func (g *Gen) may(n int, f ir.Feature) bool { return !g.Without[f] && g.chance(n) }

// some returns a sorted part of the list, of one element at least.
func some[T any](g *Gen, list []T) []T {
	var out []T
	for _, v := range list {
		if g.chance(2) {
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		out = []T{one(g, list)}
	}
	return out
}

func source(kind, name, field string) ir.Source {
	return ir.Source{Ref: ir.Ref{Kind: kind, Namespace: Namespace, Name: name}, Generation: 1, Field: field}
}

// mesh is the mesh of all random units.
func mesh() ir.Mesh {
	return ir.Mesh{
		Name: "shop", Provider: "Test", ControlPlaneNamespace: "mesh-system",
		TrustDomain: "cluster.local", ClusterDomain: "cluster.local",
		Source: ir.Source{Ref: ir.Ref{Kind: "Mesh", Name: "shop"}, Generation: 1},
	}
}

func service(name string) ir.Service {
	return ir.Service{
		Namespace: Namespace, Name: name, Host: name + "." + Namespace + ".svc.cluster.local",
		Selector: map[string]string{"app": name},
		Ports: []ir.Port{
			{Number: HTTPPort, Name: "http", Protocol: ir.ProtocolHTTP, Targets: []int32{HTTPPort}},
			{Number: OpaquePort, Name: "tcp", Protocol: ir.ProtocolTCP, Targets: []int32{OpaquePort}},
		},
	}
}

func serviceRef(name string) ir.ServiceRef {
	s := service(name)
	return ir.ServiceRef{Namespace: s.Namespace, Name: s.Name, Host: s.Host, Port: s.Ports[0]}
}

// workload is the pods of the Service ratings.
func workload() ir.Workload {
	return ir.Workload{
		Namespace: Namespace, Labels: map[string]string{"app": "ratings"}, Identity: ir.Identity{Namespace: Namespace, ServiceAccount: "ratings"},
		Ports: []ir.ContainerPort{{Name: "http", Number: HTTPPort}, {Name: "tcp", Number: OpaquePort}},
	}
}

// ServiceUnit returns a random unit of the Service shop/reviews.
func (g *Gen) ServiceUnit() *ir.Unit {
	u := g.serviceUnit("reviews")
	return g.known(&ir.Unit{
		Key:          ir.Key{Kind: ir.KindService, Mesh: u.Mesh.Name, Namespace: Namespace, Name: u.Service.Name},
		Participants: []ir.Participant{participant("TrafficSplit", "reviews"), participant("TrafficPolicy", "slow")},
		Service:      u,
	})
}

func participant(kind, name string) ir.Participant {
	return ir.Participant{Object: ir.Ref{Kind: kind, Namespace: Namespace, Name: name}, Generation: 1, On: ir.Target{Kind: "Mesh", Name: "shop"}}
}

// serviceUnit returns a unit whose table ends with a line that matches all.
func (g *Gen) serviceUnit(name string) *ir.ServiceUnit {
	u := &ir.ServiceUnit{Mesh: mesh(), Service: service(name)}
	var routes []ir.Route
	for i := range g.IntN(4) {
		routes = append(routes, g.line(fmt.Sprintf("rule-%d", i), g.match(), g.backends(name)))
	}
	last := g.line("", ir.Match{}, g.backends(name))
	last.Source.Field = "spec"
	if last.Filters.Redirect != nil {
		last.Filters.Redirect, last.Backends = nil, g.backends(name)
	}
	routes = append(routes, last)
	for i := range routes[:len(routes)-1] {
		routes[i].Source.Field = fmt.Sprintf("spec.rules[%d]", i)
	}
	u.Ports = []ir.PortRoutes{{Port: u.Service.Ports[0], Routes: routes}}
	u.Subsets = usedSubsets(u.Ports)
	if g.chance(3) {
		u.Destination = g.destination()
	}
	return u
}

// usedSubsets returns the subsets that the tables name, by name.
func usedSubsets(ports []ir.PortRoutes) []ir.Subset {
	var names []string
	for _, p := range ports {
		for _, r := range p.Routes {
			for _, b := range r.Backends {
				names = append(names, b.Subset)
			}
			for _, m := range r.Filters.Mirrors {
				names = append(names, m.Backend.Subset)
			}
		}
	}
	slices.Sort(names)
	var out []ir.Subset
	for _, name := range slices.Compact(names) {
		if name != "" {
			out = append(out, ir.Subset{Name: name, Labels: map[string]string{"version": name}, Source: source("TrafficSplit", "reviews", "spec.backendRefs[0].subset")})
		}
	}
	return out
}

// backends returns one to three backends of a split of the Service.
func (g *Gen) backends(apex string) []ir.Backend {
	choices := []ir.Backend{{Service: serviceRef(apex)}}
	if !g.Without[ir.SplitByService] {
		choices = append(choices, ir.Backend{Service: serviceRef(apex + "-canary")}, ir.Backend{Service: serviceRef(apex + "-next")})
	}
	if !g.Without[ir.SplitBySubset] {
		choices = append(choices, ir.Backend{Service: serviceRef(apex), Subset: "v1"}, ir.Backend{Service: serviceRef(apex), Subset: "v2"})
	}
	picked := some(g, choices)
	if len(picked) > 3 {
		picked = picked[:3]
	}
	for i := range picked {
		picked[i].Weight = one(g, []int64{0, 1, 1, 2, 25, 75, 100})
		picked[i].Invalid = g.chance(25)
		picked[i].Source = source("TrafficSplit", "reviews", fmt.Sprintf("spec.backendRefs[%d]", i))
		if g.may(6, ir.BackendHeaders) {
			picked[i].Filters.RequestHeaders = g.headers()
		}
		if g.may(8, ir.BackendHeaders) {
			picked[i].Filters.ResponseHeaders = g.headers()
		}
	}
	if !slices.ContainsFunc(picked, func(b ir.Backend) bool { return b.Weight > 0 }) {
		picked[0].Weight = 1
	}
	return picked
}

func duration(d metav1.Duration) *ir.Timeout {
	return &ir.Timeout{Duration: d, Source: source("TrafficPolicy", "slow", "spec.timeouts")}
}
