package istio

import (
	"slices"

	security "istio.io/api/security/v1beta1"

	"github.com/meshloom/meshloom/translators/ir"
)

// admitted says the callers of an Allow; false where they are nobody. No
// sources mean every caller. Principals carry the mesh's trust domain, so that
// nobody of another one is admitted.
func (s accessScope) admitted(callers []ir.Caller) ([]*security.Rule_From, bool) {
	var from []*security.Rule_From
	domain := s.mesh.TrustDomain
	for i := range callers {
		c := &callers[i]
		var principals []string
		switch {
		case c.Identities != nil:
			principals = principalsOf(domain, c)
		case len(c.Namespaces) > 0:
			for _, ns := range c.Namespaces {
				principals = append(principals, domain+"/ns/"+ns+"/sa/*")
			}
		case c.Member:
			principals = []string{domain + "/*"}
		case c.Anyone:
			return nil, true
		}
		if len(principals) > 0 {
			from = append(from, source(&security.Source{Principals: principals}))
		}
	}
	return from, len(from) > 0
}

// refused says the callers of a Deny; false where they are nobody. No sources
// mean every caller. The trust domain is left open, so that a mesh which calls
// itself otherwise than we were told denies all the same.
func refused(callers []ir.Caller) ([]*security.Rule_From, bool) {
	var from []*security.Rule_From
	for i := range callers {
		c := &callers[i]
		switch {
		case c.Identities != nil:
			if principals := principalsOf("*", c); len(principals) > 0 {
				from = append(from, source(&security.Source{Principals: principals}))
			}
		case len(c.Namespaces) > 0:
			from = append(from, source(&security.Source{Namespaces: c.Namespaces}))
		case c.Member:
			from = append(from, source(&security.Source{Principals: []string{"*"}}))
		case c.Anyone || !c.Unidentified:
			return nil, true
		}
		if c.Unidentified {
			from = append(from, source(&security.Source{NotPrincipals: []string{"*"}}))
		}
	}
	return from, len(from) > 0
}

// principalsOf are the identities of a caller as Istio writes them, in any of
// the namespaces that the caller also names.
func principalsOf(domain string, c *ir.Caller) []string {
	var principals []string
	for _, id := range c.Identities {
		if c.Namespaces == nil || slices.Contains(c.Namespaces, id.Namespace) {
			principals = append(principals, domain+"/ns/"+id.Namespace+"/sa/"+id.ServiceAccount)
		}
	}
	return principals
}

func source(s *security.Source) *security.Rule_From { return &security.Rule_From{Source: s} }
