package translatortest

import "github.com/meshloom/meshloom/translators/ir"

// Sample is a unit that uses a feature, beside the same unit without it. Both
// use as little else as there can be.
type Sample struct {
	Feature ir.Feature
	Kind    ir.UnitKind
	With    *ir.Unit
	Without *ir.Unit
}

// Samples returns a sample of every feature for every kind of unit that it can
// occur in, in the order of ir.Features.
func Samples() []Sample {
	builders := sampleBuilders()
	var out []Sample
	for _, info := range ir.Features() {
		for _, kind := range info.Kinds {
			if _, ok := builders[info.Feature]; ok {
				out = append(out, sampleOf(info.Feature, kind))
			}
		}
	}
	return out
}

// sampleOf is a sample of the feature in a unit of the kind.
func sampleOf(feature ir.Feature, kind ir.UnitKind) Sample {
	b := sampleBuilders()[feature]
	return Sample{Feature: feature, Kind: kind, Without: b.build(kind, false), With: b.build(kind, true)}
}

// builder makes the two units of a sample: base is done to both, add to the one
// that uses the feature. Which of them is set depends on where the feature
// occurs.
type builder struct {
	base, add func(*parts)
}

// parts are the places of a unit that features are asked at; those that its
// kind does not have are scratch.
type parts struct {
	line        *ir.Route
	destination *ir.DestinationPolicy
	target      *ir.AccessTarget
	rules       *ir.AccessRules
	namespace   *ir.NamespaceUnit
	external    *ir.ExternalUnit
	gateway     *ir.GatewayUnit
}

func (b builder) build(kind ir.UnitKind, with bool) *ir.Unit {
	u, p := emptyUnit(kind)
	if b.base != nil {
		b.base(p)
	}
	if with {
		b.add(p)
	}
	finish(u)
	return u
}

// emptyUnit returns a unit of the kind that asks for nothing, and its parts.
func emptyUnit(kind ir.UnitKind) (*ir.Unit, *parts) {
	p := &parts{
		line: &ir.Route{}, destination: &ir.DestinationPolicy{}, target: &ir.AccessTarget{}, rules: &ir.AccessRules{},
		namespace: &ir.NamespaceUnit{}, external: &ir.ExternalUnit{}, gateway: &ir.GatewayUnit{},
	}
	u := &ir.Unit{Key: ir.Key{Kind: kind, Mesh: mesh().Name, Namespace: Namespace, Name: "sample"}}
	switch kind {
	case ir.KindService:
		u.Service = &ir.ServiceUnit{Mesh: mesh(), Service: service("reviews")}
		u.Service.Ports = []ir.PortRoutes{{Port: u.Service.Service.Ports[0], Routes: sampleTable("reviews", "TrafficSplit")}}
		u.Participants = []ir.Participant{participant("TrafficSplit", "reviews")}
		p.line, p.destination = &u.Service.Ports[0].Routes[0], &u.Service.Destination
	case ir.KindRoute:
		gateway := gatewayUnit()
		split := &ir.ServiceUnit{Mesh: mesh(), Service: service("reviews")}
		u.Key = ir.Key{Kind: kind, Namespace: gateway.Namespace, Name: gateway.Name, Listener: "web", Hostname: Hostname}
		u.Route = &ir.RouteUnit{
			Gateway: gateway, Listener: gateway.Listeners[0], Hostname: Hostname, Routes: sampleTable("reviews", "GatewayRoute"),
			Backends: []ir.RouteBackend{{Service: service("reviews"), Member: true, Split: split}, {Service: service("reviews-canary"), Member: true}},
		}
		p.line, p.destination = &u.Route.Routes[0], &split.Destination
	case ir.KindAccess:
		u.Access = &ir.AccessUnit{Mesh: mesh(), Namespace: Namespace, Targets: []ir.AccessTarget{{Service: service("ratings"), Workloads: []ir.Workload{sampleWorkload()}}}}
		u.Participants = []ir.Participant{participant("AccessPolicy", "ratings")}
		p.target, p.rules = &u.Access.Targets[0], &u.Access.Targets[0].Rules
		p.rules.Policies, p.rules.AllowSelected = []ir.Source{source("AccessPolicy", "ratings", "")}, true
	case ir.KindNamespace:
		u.Namespace = &ir.NamespaceUnit{Mesh: mesh(), Name: Namespace, Workloads: []ir.Workload{sampleWorkload()}}
		u.Key.Name = ""
		p.namespace, p.rules = u.Namespace, &ir.AccessRules{Policies: []ir.Source{source("AccessPolicy", "all", "")}, AllowSelected: true}
		u.Namespace.Access = p.rules
	case ir.KindExternal:
		u.External = &ir.ExternalUnit{
			Mesh: mesh(), Namespace: Namespace, Name: "sample", Hosts: []string{"api.pay.example"},
			Resolution: ir.ResolutionDNS, Source: source("ExternalService", "sample", ""),
		}
		u.External.Ports = []ir.ExternalPort{{Port: 443, Protocol: ir.ProtocolTLS, Source: u.External.Source.At("spec.ports[0]")}}
		p.external = u.External
	case ir.KindGateway:
		gateway := gatewayUnit()
		u.Key = ir.Key{Kind: kind, Namespace: gateway.Namespace, Name: gateway.Name}
		u.Gateway = &gateway
		p.gateway = u.Gateway
	case ir.KindMesh:
		u.Mesh = &ir.MeshUnit{Mesh: mesh()}
	}
	return u, p
}

// sampleWorkload is the pods of the Service ratings, which serve one port.
func sampleWorkload() ir.Workload {
	w := workload()
	w.Ports = w.Ports[:1]
	return w
}

// sampleTable sends everything to the canary, and what it does not match, once
// it matches less, to the Service.
func sampleTable(apex, kind string) []ir.Route {
	at := source(kind, apex, "spec.rules[0]")
	return []ir.Route{
		{Rule: "sample", Backends: []ir.Backend{{Service: serviceRef(apex + "-canary"), Weight: 1, Source: at}}, Source: at},
		{Backends: []ir.Backend{{Service: serviceRef(apex), Weight: 1, Source: source(kind, apex, "spec")}}, Source: source(kind, apex, "spec")},
	}
}

// sampleCallers are the Services that call in samples, each of a name of its own.
func sampleCallers() []ir.CallerService {
	var out []ir.CallerService
	for _, c := range callerServices() {
		if len(c.Namesakes) == 0 || c.Namespace != Namespace {
			c.Namesakes = nil
			out = append(out, c)
		}
	}
	return out
}

// finish fills in what follows from the parts.
func finish(u *ir.Unit) {
	know(u, sampleCallers())
	switch {
	case u.Service != nil:
		u.Service.Subsets = usedSubsets(u.Service.Ports)
	case u.Route != nil:
		split := u.Route.Backends[0].Split
		split.Subsets = usedSubsets([]ir.PortRoutes{{Routes: u.Route.Routes}})
		if len(split.Subsets) == 0 && split.Destination == (ir.DestinationPolicy{}) {
			u.Route.Backends[0].Split = nil
		}
	}
}
