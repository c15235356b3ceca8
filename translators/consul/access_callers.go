package consul

import (
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// whom is a set of callers as Consul knows them: services.
type whom struct {
	everyone bool
	names    []string
}

// has says whether a source of intentions is in the set. Everyone is a source
// of its own.
func (w whom) has(source string) bool { return w.everyone || slices.Contains(w.names, source) }

// named says whether a caller that runs under the identity is among those that
// the caller of a rule names by identity or namespace.
func named(c *ir.Caller, id ir.Identity) bool {
	return (c.Identities == nil || slices.Contains(c.Identities, id)) &&
		(c.Namespaces == nil || slices.Contains(c.Namespaces, id.Namespace))
}

// shared says who else runs as the service of a caller that a rule names.
type shared struct {
	caller *ir.Caller
	svc    *ir.CallerService
	other  string
}

// found is what a rule's callers come to.
type found struct {
	whom   whom
	shared []shared
	// missing are callers that run as no service; with an identity or a
	// namespace that has none.
	missing []missing
}

type missing struct {
	caller *ir.Caller
	what   string
}

// admitted are the services by whose names nobody is admitted but the callers
// of an Allow.
func (k known) admitted(callers []ir.Caller) found {
	var f found
	for i := range callers {
		c := &callers[i]
		if c.Identities == nil && c.Namespaces == nil {
			f.whom.everyone = f.whom.everyone || c.Member || c.Anyone
			continue
		}
		for j := range k {
			svc := &k[j]
			if !k.any(c, svc) {
				continue
			}
			if other := stranger(c, svc); other != "" {
				f.shared = append(f.shared, shared{c, svc, other})
				continue
			}
			f.whom.names = append(f.whom.names, svc.Name)
		}
		f.missing = append(f.missing, k.missing(c)...)
	}
	return f
}

// denied are the services that any caller of a Deny runs as. Callers that run
// as none may be anybody.
func (k known) denied(callers []ir.Caller) found {
	var f found
	for i := range callers {
		c := &callers[i]
		if c.Identities == nil && c.Namespaces == nil {
			// What names nobody denies everybody, but for callers without an
			// identity, whom the proxy refuses anyway.
			f.whom.everyone = f.whom.everyone || c.Member || c.Anyone || !c.Unidentified
			continue
		}
		for j := range k {
			svc := &k[j]
			if !k.any(c, svc) {
				continue
			}
			f.whom.names = append(f.whom.names, svc.Name)
			f.whom.names = append(f.whom.names, otherNames(svc.Name, svc.Workloads)...)
			if other := stranger(c, svc); other != "" {
				f.shared = append(f.shared, shared{c, svc, other})
			}
		}
		if absent := k.missing(c); len(absent) > 0 {
			f.missing = append(f.missing, absent...)
			f.whom.everyone = true
		}
	}
	return f
}

// known are the Services whose pods may be callers.
type known []ir.CallerService

// any says whether a pod of the Service is named by the caller of a rule. By its
// namespace alone it is before it runs.
func (k known) any(c *ir.Caller, svc *ir.CallerService) bool {
	if c.Identities == nil {
		return slices.Contains(c.Namespaces, svc.Namespace)
	}
	return slices.ContainsFunc(svc.Workloads, func(w ir.Workload) bool { return named(c, w.Identity) })
}

// stranger describes somebody who runs as the Service and is not named by the
// caller of a rule, or a pod of the Service that does not run as it.
func stranger(c *ir.Caller, svc *ir.CallerService) string {
	if len(svc.Namesakes) > 0 {
		return "the Service of the same name in namespace " + svc.Namesakes[0]
	}
	for i := range svc.Workloads {
		w := &svc.Workloads[i]
		if !named(c, w.Identity) {
			return "pods under the ServiceAccount " + w.Identity.Namespace + "/" + w.Identity.ServiceAccount
		}
		if name := otherName(svc.Name, w); name != "" {
			return "pods with the annotation " + annotationService + ": " + name
		}
	}
	return ""
}

// missing are the identities and namespaces of a caller that no Service runs
// under.
func (k known) missing(c *ir.Caller) []missing {
	var out []missing
	if c.Identities != nil {
		for _, id := range c.Identities {
			one := ir.Caller{Identities: []ir.Identity{id}, Namespaces: c.Namespaces}
			outside := c.Namespaces != nil && !slices.Contains(c.Namespaces, id.Namespace)
			if !outside && !k.some(&one) {
				out = append(out, missing{c, "ServiceAccount " + id.Namespace + "/" + id.ServiceAccount})
			}
		}
		return out
	}
	for _, ns := range c.Namespaces {
		if !k.some(&ir.Caller{Namespaces: []string{ns}}) {
			out = append(out, missing{c, "namespace " + ns})
		}
	}
	return out
}

func (k known) some(c *ir.Caller) bool {
	return slices.ContainsFunc(k, func(svc ir.CallerService) bool { return k.any(c, &svc) })
}
