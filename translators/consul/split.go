package consul

import (
	"encoding/json"
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// share is where a part of a line's requests goes.
type share struct {
	split
	weight  int64
	backend *ir.Backend
}

// destination returns where a line's requests go: to a service or a subset, or
// to a service that stands for the line and has a splitter. For the last line
// that is the Service itself where it can have one, so that what most users
// ask for, a share by weight, is one splitter and no router.
func (t *table) destination(r *ir.Route, last bool) *routeDestination {
	shares := t.shares(r)
	splits := last && !t.apexIsBackend
	if only := shares[0].split; len(shares) == 1 && (!splits || only.Service == t.apex && only.ServiceSubset == "") {
		return &routeDestination{
			Service: only.Service, ServiceSubset: only.ServiceSubset,
			RequestHeaders: only.RequestHeaders, ResponseHeaders: only.ResponseHeaders,
		}
	}
	name := t.apex
	if !splits {
		name = t.virtual(r)
	}
	t.splitter(name, r, shares)
	return &routeDestination{Service: name}
}

// virtual makes the service that stands for a line.
func (t *table) virtual(r *ir.Route) string {
	name := virtualName(t.apex, r.Match)
	t.virtualDefaults(name, r.Sources())
	return name
}

// splitter writes how requests to a service are shared. Consul reads no more
// than one splitter on the way of a request but merges those it meets, so a
// service that others name as a whole must have none.
func (t *table) splitter(name string, r *ir.Route, shares []share) {
	weights := make([]int64, len(shares))
	for i := range shares {
		weights[i] = shares[i].weight
	}
	parts, order := divide(weights)
	var spec serviceSplitter
	for _, i := range order {
		if parts[i] == 0 {
			t.vanishes(&shares[i])
		}
		s := shares[i].split
		s.Weight = percent(parts[i])
		spec.Splits = append(spec.Splits, s)
	}
	after := slices.Clone(t.after)
	for _, made := range append(places(spec), name) {
		if ref := t.ref(serviceDefaultsKind, made); slices.Contains(t.targets, ref) {
			after = append(after, ref)
		}
	}
	entry := newEntry(serviceSplitterKind, t.unit.Service.Namespace, name, spec)
	t.result.Objects = append(t.result.Objects, object(entry, r.Sources(), after...))
	t.targets = append(t.targets, t.ref(serviceSplitterKind, name))
}

// places are the services that a splitter names.
func places(spec serviceSplitter) []string {
	out := make([]string, 0, len(spec.Splits)+1)
	for _, s := range spec.Splits {
		out = append(out, s.Service)
	}
	return out
}

// vanishes reports a share that would get no requests.
func (t *table) vanishes(s *share) {
	feature := ir.SplitByService
	if s.backend.Subset != "" {
		feature = ir.SplitBySubset
	}
	t.report(finding{Source: s.backend.Source, Feature: feature, Code: codeInexpressible}.Reject(
		"weight %d is less than the hundredth of a percent that Consul can share out: raise it, or remove the backend", s.weight))
}

// shares returns where the line's requests go. Consul refuses to name one place
// twice, so that equal ones are one with the sum of their weights. Backends that
// do not resolve share a service that nobody serves.
func (t *table) shares(r *ir.Route) []share {
	var out []share
	known := map[string]int{}
	for i := range r.Backends {
		b := &r.Backends[i]
		if b.Weight <= 0 {
			continue
		}
		s := share{split: t.place(r, b), weight: b.Weight, backend: b}
		place, err := json.Marshal(s.split)
		if err != nil {
			place = nil
		}
		if at, found := known[string(place)]; found {
			out[at].weight += b.Weight
			continue
		}
		known[string(place)] = len(out)
		out = append(out, s)
	}
	if len(out) == 0 {
		out = []share{{split: split{Service: t.nobody()}, weight: 1, backend: &ir.Backend{Source: r.Source}}}
	}
	return out
}

// place is a backend with what becomes of the headers of requests to it and of
// its responses.
func (t *table) place(r *ir.Route, b *ir.Backend) split {
	if b.Invalid {
		t.report(finding{Source: b.Source, Code: codeInvalidShare}.Note(
			"the share of requests of a backend that does not resolve is answered 503 by Consul, not 500: correct the backend"))
		return split{Service: t.nobody()}
	}
	return split{
		Service: serviceName(b.Service), ServiceSubset: b.Subset,
		RequestHeaders:  modify(r.Filters.RequestHeaders, b.Filters.RequestHeaders),
		ResponseHeaders: modify(b.Filters.ResponseHeaders, r.Filters.ResponseHeaders),
	}
}
