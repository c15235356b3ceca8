package istio

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Values of exportTo: where a ServiceEntry is seen.
const (
	exportHere       = "."
	exportEverywhere = "*"
)

// translateExternal writes a ServiceEntry, or two where hosts and wildcards
// are found by DNS: Istio resolves wildcards in a way of their own.
func translateExternal(env translators.Env, u *ir.ExternalUnit) translators.Result {
	var result translators.Result
	hosts, wildcards := slices.Clone(u.Hosts), []string(nil)
	if u.Resolution == ir.ResolutionDNS {
		wildcards = slices.DeleteFunc(slices.Clone(u.Hosts), func(h string) bool { return !isWildcard(h) })
		hosts = slices.DeleteFunc(hosts, isWildcard)
	}
	result.Issues = externalIssues(env, u, len(wildcards) > 0)
	if slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Effect == ir.EffectRejected }) {
		return result
	}
	if len(hosts) > 0 {
		entry := serviceEntry(u, plainName(u.Name), hosts)
		entry.Spec.Resolution = resolutions[u.Resolution]
		for _, address := range u.Endpoints {
			entry.Spec.Endpoints = append(entry.Spec.Endpoints, &networking.WorkloadEntry{Address: address})
		}
		result.Objects = append(result.Objects, object(entry, []ir.Source{u.Source}))
	}
	if len(wildcards) > 0 {
		entry := serviceEntry(u, uniqueName(u.Name, "wildcards"), wildcards)
		entry.Spec.Resolution = networking.ServiceEntry_DYNAMIC_DNS
		result.Objects = append(result.Objects, object(entry, []ir.Source{u.Source}))
	}
	return result
}

func isWildcard(host string) bool { return strings.HasPrefix(host, "*") }

var resolutions = map[ir.ExternalResolution]networking.ServiceEntry_Resolution{
	ir.ResolutionDNS:    networking.ServiceEntry_DNS,
	ir.ResolutionStatic: networking.ServiceEntry_STATIC,
	ir.ResolutionNone:   networking.ServiceEntry_NONE,
}

func serviceEntry(u *ir.ExternalUnit, name string, hosts []string) *networkingv1.ServiceEntry {
	entry := &networkingv1.ServiceEntry{
		TypeMeta:   typeMeta(serviceEntryKind),
		ObjectMeta: objectMeta(u.Namespace, name),
		Spec: networking.ServiceEntry{
			Hosts: hosts, Location: networking.ServiceEntry_MESH_EXTERNAL, ExportTo: []string{exportHere},
		},
	}
	if u.MeshWide {
		entry.Spec.ExportTo = []string{exportEverywhere}
	}
	for _, p := range u.Ports {
		protocol := strings.ToUpper(string(p.Protocol))
		entry.Spec.Ports = append(entry.Spec.Ports, &networking.ServicePort{
			Number: unsigned(p.Port), Name: fmt.Sprintf("%s-%d", strings.ToLower(protocol), p.Port), Protocol: protocol,
		})
	}
	return entry
}

// externalIssues are the combinations that Istio refuses, or reads otherwise.
func externalIssues(env translators.Env, u *ir.ExternalUnit, wildcards bool) []ir.Issue {
	var issues []ir.Issue
	if wildcards && !atLeast(env, minorDynamicDNS) {
		issues = append(issues, finding{Source: u.Source.At("spec.hosts"), Feature: ir.ExternalWildcard, Code: codeInexpressible}.Reject(
			"Istio before 1.30 finds no addresses for wildcard hosts by DNS: use resolution None, or name the hosts"))
	}
	for _, p := range u.Ports {
		if p.Protocol.HTTP() || p.Protocol == ir.ProtocolTLS || p.Protocol == ir.ProtocolHTTPS {
			continue
		}
		switch {
		case wildcards:
			issues = append(issues, finding{Source: p.Source, Feature: ir.ExternalWildcard, Code: codeInexpressible}.Reject(
				"a %s connection does not say which host below the wildcard it is for: use HTTP or TLS, or resolution None", p.Protocol))
		case u.Resolution != ir.ResolutionNone && len(u.Hosts) > 1:
			issues = append(issues, finding{Source: p.Source, Feature: ir.ExternalHost, Code: codeInexpressible}.Reject(
				"a %s connection does not say which of the hosts it is for: write one ExternalService for each host, or use resolution None", p.Protocol))
		case u.Resolution != ir.ResolutionNone:
			issues = append(issues, finding{Source: p.Source, Feature: ir.ExternalHost, Code: codePortCapture}.Note(
				"without an address of its own the host takes every connection to port %d that no Service is known for: where that is not wanted, use resolution None", p.Port))
		}
	}
	return issues
}
