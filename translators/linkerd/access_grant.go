package linkerd

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/meshloom/meshloom/translators/ir"
)

// grant is a set of callers that Linkerd can admit: the sum of its fields.
type grant struct {
	// Anyone is every caller, with or without an identity; Member every caller
	// with one.
	Anyone, Member bool
	// Probes are callers from where kubelet sends its probes.
	Probes     bool
	Namespaces []string
	Identities []ir.Identity
}

// add puts in the callers of an Allow rule.
func (g *grant) add(c *ir.Caller) {
	switch {
	case c.Identities != nil:
		for _, id := range c.Identities {
			if c.Namespaces == nil || slices.Contains(c.Namespaces, id.Namespace) {
				g.Identities = append(g.Identities, id)
			}
		}
	case c.Namespaces != nil:
		g.Namespaces = append(g.Namespaces, c.Namespaces...)
	case c.Member:
		g.Member = true
	case c.Anyone:
		g.Anyone = true
	}
}

// without takes out the callers of a Deny rule. Linkerd can only admit, so who
// cannot be told from a denied caller goes, too: exact is false then.
func (g grant) without(c *ir.Caller) (rest grant, exact bool) {
	d := denied(c)
	rest, exact = grant{Probes: g.Probes}, true
	switch {
	case !g.Anyone || d.plaintext && d.everyone:
	case d.nobody && d.plaintext:
		rest.Member = true
	case d.nobody:
		rest.Anyone = true
	default:
		exact = false
	}
	if g.Member && !d.everyone {
		rest.Member, exact = rest.Member || d.nobody, exact && d.nobody
	}
	for _, namespace := range g.Namespaces {
		switch {
		case d.everyone || d.namespace(namespace):
		case d.within(namespace):
			exact = false
		default:
			rest.Namespaces = append(rest.Namespaces, namespace)
		}
	}
	for _, id := range g.Identities {
		if !d.everyone && !d.namespace(id.Namespace) && !slices.Contains(d.identities, id) {
			rest.Identities = append(rest.Identities, id)
		}
	}
	return rest, exact
}

// denial is what a caller of a Deny rule matches: callers without an identity
// where plaintext, and among the others everyone, nobody, or those listed.
type denial struct {
	plaintext, everyone, nobody bool
	namespaces                  []string
	identities                  []ir.Identity
}

func denied(c *ir.Caller) denial {
	named := c.Member || c.Identities != nil || c.Namespaces != nil
	d := denial{plaintext: c.Unidentified || !named}
	switch {
	case c.Identities != nil:
		for _, id := range c.Identities {
			if c.Namespaces == nil || slices.Contains(c.Namespaces, id.Namespace) {
				d.identities = append(d.identities, id)
			}
		}
		d.nobody = len(d.identities) == 0
	case c.Namespaces != nil:
		d.namespaces, d.nobody = c.Namespaces, len(c.Namespaces) == 0
	case c.Member, c.Anyone, !c.Unidentified:
		// What names nothing at all denies everybody.
		d.everyone = true
	default:
		d.nobody = true
	}
	return d
}

// namespace says whether all of the namespace is denied, within whether some
// caller of it is.
func (d denial) namespace(name string) bool { return slices.Contains(d.namespaces, name) }

func (d denial) within(namespace string) bool {
	return slices.ContainsFunc(d.identities, func(id ir.Identity) bool { return id.Namespace == namespace })
}

// settle returns the same set in its one shortest form. Where the mesh refuses
// plaintext, anyone is every member.
func (g grant) settle(strict bool) grant {
	if g.Anyone && !strict {
		return grant{Anyone: true}
	}
	if g.Anyone || g.Member {
		return grant{Member: true, Probes: g.Probes}
	}
	slices.Sort(g.Namespaces)
	g.Namespaces = slices.Compact(g.Namespaces)
	g.Identities = slices.DeleteFunc(g.Identities, func(id ir.Identity) bool { return slices.Contains(g.Namespaces, id.Namespace) })
	slices.SortFunc(g.Identities, func(a, b ir.Identity) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.ServiceAccount, b.ServiceAccount))
	})
	g.Identities = slices.Compact(g.Identities)
	return g
}

// and returns whom both sets admit. Both are settled.
func (g grant) and(other grant) grant {
	switch {
	case g.Anyone:
		return other
	case other.Anyone:
		return g
	}
	out := grant{Member: g.Member && other.Member, Probes: g.Probes && other.Probes}
	out.Namespaces, out.Identities = g.among(other)
	namespaces, identities := other.among(g)
	out.Namespaces, out.Identities = append(out.Namespaces, namespaces...), append(out.Identities, identities...)
	return out.settle(false)
}

// among are those of the set's namespaces and identities that the other admits.
func (g grant) among(other grant) (namespaces []string, identities []ir.Identity) {
	for _, namespace := range g.Namespaces {
		if other.Member || slices.Contains(other.Namespaces, namespace) {
			namespaces = append(namespaces, namespace)
		}
	}
	for _, id := range g.Identities {
		if other.Member || slices.Contains(other.Namespaces, id.Namespace) || slices.Contains(other.Identities, id) {
			identities = append(identities, id)
		}
	}
	return namespaces, identities
}

// empty says whether the set admits nobody.
func (g grant) empty() bool {
	return !g.Anyone && !g.Member && !g.Probes && len(g.Namespaces) == 0 && len(g.Identities) == 0
}

// key is equal for settled sets that are equal.
func (g grant) key() string { return fmt.Sprintf("%+v", g) }
