package istio

import (
	"slices"

	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateAmbientExternal writes the ServiceEntries that sidecars would have.
// They are kept off the waypoint of their namespace, whose policies are about
// members. ztunnel cannot tell hosts below a wildcard apart, so an entry with one
// gets a waypoint of its own.
func translateAmbientExternal(env translators.Env, u *ir.ExternalUnit) translators.Result {
	result := translateExternal(env, u)
	for i := range result.Objects {
		entry, ok := result.Objects[i].Object.(*networkingv1.ServiceEntry)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(entry.Spec.Hosts, isWildcard) {
			setLabel(entry, labelUseWaypoint, noWaypoint)
			continue
		}
		egress := waypoint(env, u.Namespace, uniqueName(u.Name, "egress"), []ir.Source{u.Source})
		setLabel(entry, labelUseWaypoint, egress.GetName())
		result.Objects[i].After = append(result.Objects[i].After, translators.ObjectRef{
			GroupVersionKind: waypointKind, Namespace: egress.GetNamespace(), Name: egress.GetName(),
		})
		result.Objects = append(result.Objects, egress)
		result.Issues = append(result.Issues, finding{Source: u.Source.At("spec.hosts"), Feature: ir.ExternalWildcard, Code: codeEgressWaypoint}.Note(
			"hosts below a wildcard are reached through waypoint %s, which is made for them", egress.GetName()))
	}
	return result
}
