package resolve

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// deriveExternal finds the unit of an ExternalService in a member namespace.
func (v *view) deriveExternal(ref ir.Ref) output {
	var out output
	for _, mesh := range v.meshesOf(ref.Namespace) {
		out.keys = append(out.keys, ir.Key{Kind: ir.KindExternal, Mesh: mesh, Namespace: ref.Namespace, Name: ref.Name})
	}
	return out
}

func externalHosts(e *v1alpha1.ExternalService) []string {
	hosts := make([]string, len(e.Spec.Hosts))
	for i, h := range e.Spec.Hosts {
		hosts[i] = strings.ToLower(string(h))
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

func externalTarget(e *v1alpha1.ExternalService, mesh string) ir.Target {
	if e.Spec.Scope == v1alpha1.ScopeMesh {
		return onMesh(mesh)
	}
	return namespaceTarget
}

// externalUnit resolves a host outside of the mesh. It has no part where the
// object is rejected.
func (v *view) externalUnit(key ir.Key) *ir.Unit {
	ref := ir.Ref{Kind: v1alpha1.KindExternalService, Namespace: key.Namespace, Name: key.Name}
	e := read[v1alpha1.ExternalService](v, ref)
	if e == nil || !v.in(key.Namespace, key.Mesh) {
		return nil
	}
	mesh, _ := v.mesh(key.Mesh)
	source, target, since := sourceOf(e), externalTarget(e, key.Mesh), len(v.issues)
	unit := &ir.Unit{Key: key, Participants: []ir.Participant{{
		Object: ref, Generation: source.Generation, Target: target, On: onMesh(key.Mesh),
	}}}
	external := &ir.ExternalUnit{
		Mesh: mesh, Namespace: key.Namespace, Name: key.Name, Hosts: externalHosts(e),
		Resolution: ir.ExternalResolution(cmp.Or(e.Spec.Resolution, v1alpha1.ResolutionDNS)),
		MeshWide:   e.Spec.Scope == v1alpha1.ScopeMesh, Source: source,
	}
	for i, p := range e.Spec.Ports {
		external.Ports = append(external.Ports, ir.ExternalPort{
			Port: int32(p.Port), Protocol: ir.Protocol(p.Protocol), Source: source.At(fmt.Sprintf("spec.ports[%d]", i)),
		})
	}
	if external.Resolution == ir.ResolutionStatic {
		external.Endpoints = v.endpoints(e, target)
	}
	v.checkHosts(e, mesh, target)
	if !v.rejects(ref, since) && !v.ex.Has(ref, "") {
		unit.External = external
	}
	return unit
}

func (v *view) endpoints(e *v1alpha1.ExternalService, target ir.Target) []string {
	var found []string
	for i, endpoint := range e.Spec.Endpoints {
		if _, err := netip.ParseAddr(endpoint.Address); err != nil {
			v.report(finding{ir.EffectRejected, CodeInvalidValue, sourceOf(e).At(fmt.Sprintf("spec.endpoints[%d].address", i)), target},
				"%q is no IP address: write one, or use resolution DNS", endpoint.Address)
		}
		found = append(found, endpoint.Address)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// checkHosts rejects hosts of the cluster, hosts that an older ExternalService
// speaks for, and a scope that the mesh does not grant.
func (v *view) checkHosts(e *v1alpha1.ExternalService, mesh ir.Mesh, target ir.Target) {
	source := sourceOf(e)
	for i, h := range e.Spec.Hosts {
		host, at := strings.ToLower(string(h)), source.At(fmt.Sprintf("spec.hosts[%d]", i))
		if ofCluster(host, mesh.ClusterDomain) {
			v.report(finding{ir.EffectRejected, CodeClusterHost, at, target},
				"%s is a name of the cluster, which a Service stands for: name a host outside of it", host)
			continue
		}
		if older := v.speaksFor(host, e, mesh.Name); older != nil {
			v.report(finding{ir.EffectRejected, CodeHostConflict, at, target},
				"ExternalService %s/%s is older and speaks for %s already: merge the two", older.Namespace, older.Name, host)
		}
	}
	if e.Spec.Scope != v1alpha1.ScopeMesh {
		return
	}
	if !v.publishes(mesh.Name, e.Namespace) {
		v.report(finding{ir.EffectRejected, CodeNotMeshWide, source.At("spec.scope"), target},
			"Mesh %s does not let namespace %s publish hosts for every member: add it to egress.allowedNamespaces, or use scope Namespace", mesh.Name, e.Namespace)
	}
}

// publishes says whether a mesh lets a namespace publish hosts for every member.
func (v *view) publishes(mesh, namespace string) bool {
	obj := read[v1alpha1.Mesh](v, meshRef(mesh))
	if obj == nil || obj.Spec.Egress == nil {
		return false
	}
	return v.allows(obj.Spec.Egress.AllowedNamespaces, namespace, false)
}

// ofCluster says whether a host is, or a wildcard covers, a name of the
// cluster's own domain.
func ofCluster(host, domain string) bool {
	if !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") || strings.Contains(host, ".svc.") {
		return true
	}
	bare := strings.TrimPrefix(host, "*.")
	return bare == domain || strings.HasSuffix(bare, "."+domain) ||
		bare != host && (bare == "svc" || covers(host, "svc."+domain) || strings.HasSuffix(domain, "."+bare))
}

// speaksFor returns an older ExternalService for the same host and a same port
// that some member would see beside this one.
func (v *view) speaksFor(host string, e *v1alpha1.ExternalService, mesh string) *v1alpha1.ExternalService {
	for _, other := range byAge[v1alpha1.ExternalService](v, hostsOf, ir.Ref{Name: host}) {
		if other.Name == e.Name && other.Namespace == e.Namespace {
			return nil
		}
		wide := e.Spec.Scope == v1alpha1.ScopeMesh && other.Spec.Scope == v1alpha1.ScopeMesh
		if (wide && v.publishes(mesh, other.Namespace) || other.Namespace == e.Namespace) && v.in(other.Namespace, mesh) && samePort(e, other) {
			return other
		}
	}
	return nil
}

func samePort(a, b *v1alpha1.ExternalService) bool {
	return slices.ContainsFunc(a.Spec.Ports, func(p v1alpha1.ExternalPort) bool {
		return slices.ContainsFunc(b.Spec.Ports, func(q v1alpha1.ExternalPort) bool { return p.Port == q.Port })
	})
}
