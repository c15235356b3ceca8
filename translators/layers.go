package translators

import (
	"reflect"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// Needs returns the layers that requests to a backend have to meet. A member of
// the mesh needs what every member needs, and routing, request policies and
// destination policies where an object of the user asks for them; what is
// outside the mesh needs nothing of it.
func Needs(backend ir.RouteBackend) Layers {
	if !backend.Member {
		return Layers{}
	}
	needs := Layers{Transport: true, Identity: true, Access: true}
	if backend.Split == nil {
		return needs
	}
	for i := range backend.Split.Ports {
		routes := backend.Split.Ports[i].Routes
		needs.Routing = needs.Routing || !passesThrough(routes, backend.Service.Ref())
		for j := range routes {
			r := &routes[j]
			needs.Request = needs.Request || r.Timeouts != (ir.Timeouts{}) || r.Retry != nil || r.Fault != nil
		}
	}
	needs.Destination = backend.Split.Destination != (ir.DestinationPolicy{})
	return needs
}

// passesThrough says whether a route table sends every request to the Service
// itself, unchanged, as it would go without the table.
func passesThrough(routes []ir.Route, apex ir.Ref) bool {
	for i := range routes {
		r := &routes[i]
		if len(r.Backends) != 1 || !reflect.DeepEqual(r.Filters, ir.Filters{}) {
			return false
		}
		b := &r.Backends[0]
		if b.Service.Ref() != apex || b.Subset != "" || b.Invalid || b.Weight <= 0 || !reflect.DeepEqual(b.Filters, ir.Filters{}) {
			return false
		}
	}
	return true
}

// And returns the layers that are in both.
func (l Layers) And(other Layers) Layers {
	return Layers{
		Transport: l.Transport && other.Transport, Identity: l.Identity && other.Identity, Routing: l.Routing && other.Routing,
		Request: l.Request && other.Request, Destination: l.Destination && other.Destination, Access: l.Access && other.Access,
	}
}

// Without returns the layers that are not in the other.
func (l Layers) Without(other Layers) Layers {
	return l.And(Layers{
		Transport: !other.Transport, Identity: !other.Identity, Routing: !other.Routing,
		Request: !other.Request, Destination: !other.Destination, Access: !other.Access,
	})
}

// traffic are the layers by which a pairing is Thin, Inlined or Mixed.
func (l Layers) traffic() Layers {
	return l.And(Layers{Routing: true, Request: true, Destination: true})
}

// String names the layers in words.
func (l Layers) String() string {
	var names []string
	for _, layer := range []struct {
		in   bool
		name string
	}{
		{l.Transport, "mutual TLS"},
		{l.Identity, "its own identity"},
		{l.Routing, "traffic splits"},
		{l.Request, "timeouts, retries and faults"},
		{l.Destination, "outlier detection, connection pools and load balancing"},
		{l.Access, "access policies"},
	} {
		if layer.in {
			names = append(names, layer.name)
		}
	}
	return strings.Join(names, ", ")
}
