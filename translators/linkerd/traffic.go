package linkerd

import (
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/gatewayapi"
	"github.com/meshloom/meshloom/translators/ir"
)

// translateService writes a Service for each subset, HTTPRoutes for each port,
// and the annotations of circuit breaking on the user's Service.
//
// All ports get HTTPRoutes, gRPC's too: Linkerd uses one type of route for a
// port, and gRPC's would leave out paths, methods and query parameters.
func translateService(_ translators.Env, u *ir.ServiceUnit) translators.Result {
	if u.Service.Headless && len(u.Ports) > 0 {
		return translators.Result{Issues: ir.SortIssues(append(headless(u), limitIssues(u)...))}
	}
	services, issues := gatewayapi.SubsetServices(u)
	result := translators.Result{Objects: services, Contributions: circuitBreaking(u), Issues: issues}
	for i := range u.Ports {
		table := newTable(u, &u.Ports[i])
		table.translate()
		result.Objects = append(result.Objects, table.objects...)
		result.Issues = append(result.Issues, table.issues...)
	}
	result.Issues = ir.SortIssues(append(result.Issues, limitIssues(u)...))
	return result
}

// headless refuses all routes: Linkerd finds them by the address that is
// dialled, and such a Service has none.
func headless(u *ir.ServiceUnit) []ir.Issue {
	var issues []ir.Issue
	for i := range u.Ports {
		for j := range u.Ports[i].Routes {
			for _, source := range ir.Origins(u.Ports[i].Routes[j].Sources()...) {
				issues = append(issues, finding{Source: source, Feature: "", Code: codeHeadless}.Reject(
					"Service %s is headless, and Linkerd finds routes by the address of the Service: give it one, or target another Service", u.Service.Name))
			}
		}
	}
	return ir.SortIssues(issues)
}
