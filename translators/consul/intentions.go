package consul

import (
	"reflect"
	"slices"
)

// sources are the intentions of a destination: one for each service that a rule
// names and one for all others, where anything is to be said of them. Because
// the exact one decides alone, each repeats what holds for everybody.
func (v verdicts) sources() []intentionSource {
	rest := v.source(everyService)
	speaks := rest.Action != v.rest || v.rest == actionDeny
	var out []intentionSource
	for _, name := range v.names() {
		one := v.source(name)
		if !speaks && one.Action == v.rest && len(one.Permissions) == 0 {
			continue
		}
		one.Name = ""
		if speaks && reflect.DeepEqual(one, intentionSource{Action: rest.Action, Permissions: rest.Permissions}) {
			continue
		}
		one.Name = name
		out = append(out, one)
	}
	if speaks {
		out = append(out, rest)
	}
	return out
}

// names are all services that a rule names, sorted.
func (v verdicts) names() []string {
	var names []string
	for _, clause := range slices.Concat(v.deny, v.allow) {
		names = append(names, clause.who.names...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// source is what holds for one caller, or for every other one: what is denied
// to it, then what it is admitted to, then what holds for the rest, so that
// Consul's own default never decides.
func (v verdicts) source(name string) intentionSource {
	out := intentionSource{Name: name}
	for _, c := range v.deny {
		if c.who.has(name) && out.add(actionDeny, c.what) {
			return out.simple(actionDeny)
		}
	}
	for _, c := range v.allow {
		if c.who.has(name) && out.add(actionAllow, c.what) {
			return out.simple(actionAllow)
		}
	}
	if v.rest != "" {
		out.add(v.rest, everyRequest())
	}
	return out.simple(v.rest)
}

// add appends permissions; it returns true where nothing can follow, because
// they match every request.
func (s *intentionSource) add(action string, what requests) bool {
	if what.all {
		s.Permissions = append(s.Permissions, intentionPermission{Action: action, HTTP: httpPermission{PathPrefix: "/"}})
		return true
	}
	for _, match := range what.some {
		s.Permissions = append(s.Permissions, intentionPermission{Action: action, HTTP: match})
	}
	return false
}

// simple returns the source with the action alone, which needs no HTTP, where
// every permission has it and the last one matches every request.
func (s intentionSource) simple(last string) intentionSource {
	other := func(p intentionPermission) bool { return p.Action != last }
	if slices.ContainsFunc(s.Permissions, other) {
		return s
	}
	return intentionSource{Name: s.Name, Action: last}
}

// needHTTP says whether requests have to be told apart.
func needHTTP(sources []intentionSource) bool {
	return slices.ContainsFunc(sources, func(s intentionSource) bool { return len(s.Permissions) > 0 })
}
