package consul

import (
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// FactTerminatingGateway is the fact that names the TerminatingGateway, in the
// namespace of the control plane, through which members reach hosts outside.
const FactTerminatingGateway = "terminatingGateway"

// translateExternal writes, for each port of the hosts, a service of Consul's
// that has their addresses, the intention that lets members call it, and its
// part in the terminating gateway that leads there. Without a gateway the
// capability matrix has refused the object.
func translateExternal(env translators.Env, u *ir.ExternalUnit) translators.Result {
	var result translators.Result
	gateway := env.Facts[FactTerminatingGateway]
	if gateway == "" || u.Resolution == ir.ResolutionNone || hasWildcard(u.Hosts) {
		return result
	}
	for _, p := range u.Ports {
		if issue := unreachable(u, p); issue != nil {
			return translators.Result{Issues: []ir.Issue{*issue}}
		}
		result.Issues = append(result.Issues, finding{Source: p.Source, Feature: ir.ExternalHost, Code: codeExternal}.Note(
			"Consul's proxies choose by port before they choose by address: calls of members to Services on port %d are taken for calls to hosts outside; let no Service of a member have that port", p.Port))
		part := externalPort(u, p.Port, gateway)
		result.Objects = append(result.Objects, part.Objects...)
		result.Contributions = append(result.Contributions, part.Contributions...)
	}
	if !u.MeshWide {
		result.Issues = append(result.Issues, finding{Source: u.Source.At("spec.scope"), Feature: ir.ExternalHost, Code: codeExternalScope}.Note(
			"Consul knows no namespaces, so every member may reach the hosts, not those of namespace %s alone", u.Namespace))
	}
	result.Issues = ir.SortIssues(result.Issues)
	return result
}

func hasWildcard(hosts []string) bool {
	for _, host := range hosts {
		if strings.HasPrefix(host, "*") {
			return true
		}
	}
	return false
}

// unreachable says why Consul cannot lead a port's connections to the hosts; nil
// where it can. It knows TLS by the name that is asked for, and anything by the
// address that was dialled.
func unreachable(u *ir.ExternalUnit, p ir.ExternalPort) *ir.Issue {
	var issue ir.Issue
	switch {
	case u.Resolution == ir.ResolutionStatic || p.Protocol == ir.ProtocolTLS || p.Protocol == ir.ProtocolHTTPS:
		return nil
	case p.Protocol.HTTP():
		issue = finding{Source: p.Source, Feature: ir.ExternalHost, Code: codeExternal}.Reject(
			"Consul would take every connection to port %d for one to the hosts, also those to Services: use TLS, or resolution Static", p.Port)
	default:
		issue = finding{Source: p.Source, Feature: ir.ExternalHost, Code: codeExternal}.Reject(
			"a %s connection does not say which host it is for: use TLS, or resolution Static", p.Protocol)
	}
	return &issue
}

func externalPort(u *ir.ExternalUnit, port int32, gateway string) translators.Result {
	name := virtualName("external-"+u.Name, []string{u.Namespace, u.Name, strconv.Itoa(int(port))})
	addresses := u.Hosts
	if u.Resolution == ir.ResolutionStatic {
		addresses = u.Endpoints
	}
	sources := []ir.Source{u.Source}
	defaults := externalDefaults{Protocol: "tcp", Destination: externalDestination{Addresses: addresses, Port: port}}
	intentions := serviceIntentions{
		Destination: intentionDestination{name}, Sources: []intentionSource{{Name: everyService, Action: actionAllow}},
	}
	services := refTo(terminatingGatewayKind, u.Mesh.ControlPlaneNamespace, gateway)
	return translators.Result{
		Objects: []translators.Object{
			object(newEntry(serviceDefaultsKind, u.Namespace, name, defaults), sources),
			object(newEntry(serviceIntentionsKind, u.Namespace, name, intentions), sources),
		},
		Contributions: []translators.Contribution{{
			Object: services, Create: true, Path: []string{"spec", "services", "[name=" + name + "]", "name"}, Value: name, Source: u.Source,
		}},
	}
}
