package consul

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// The modes of mutual TLS. Consul's own is strict.
const (
	modeStrict     = "strict"
	modePermissive = "permissive"
)

// plaintextAllowed says whether Services that no policy governs may accept
// plaintext. Consul enforces no intentions on it, so it needs that the Mesh says
// in so many words that everybody is admitted.
func plaintextAllowed(mtls *ir.MTLS, access ir.AccessDefault) bool {
	return mtls != nil && mtls.Mode == ir.MTLSPermissive && access == ir.AccessAllow
}

// plaintext lets the Services of the namespace accept plaintext where the mesh
// does, but for those that an AccessPolicy governs, which plaintext would go
// round, and those whose name other Services have too.
func plaintext(u *ir.NamespaceUnit) ([]translators.Contribution, []ir.Issue) {
	if u.MTLS == nil || u.MTLS.Mode != ir.MTLSPermissive {
		return nil, nil
	}
	var open []translators.Contribution
	var strict []string
	for i := range u.Services {
		svc := &u.Services[i]
		if !plaintextAllowed(u.MTLS, u.AccessDefault) || governed(u, svc) || len(svc.Namesakes) > 0 {
			strict = append(strict, svc.Name)
			continue
		}
		open = append(open, translators.Contribution{
			Object: refTo(serviceDefaultsKind, svc.Namespace, svc.Name), Create: true,
			Path: []string{"spec", "mutualTLSMode"}, Value: modePermissive, Source: u.Mesh.Source,
		})
	}
	if len(strict) == 0 {
		return open, nil
	}
	return open, []ir.Issue{finding{Source: u.Mesh.Source.At("spec.mtls"), Feature: ir.MTLSModePermissive, Code: codeStaysStrict}.Note(
		"Consul enforces no access on plaintext, so it is refused where access is not open to everybody: in namespace %s by %s", u.Name, shortList(strict))}
}

// governed says whether an AccessPolicy, or the twin of a targeted Service,
// speaks of the Service's pods.
func governed(u *ir.NamespaceUnit, svc *ir.Service) bool {
	if u.Access != nil || slices.Contains(u.Targeted, svc.Name) {
		return true
	}
	return slices.ContainsFunc(u.Services, func(other ir.Service) bool {
		return slices.Contains(u.Targeted, other.Name) && overlap(svc, &other, u.Workloads)
	})
}

// shortList names the first of many.
func shortList(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " and others"
}
