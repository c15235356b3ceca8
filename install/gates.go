package install

import (
	"fmt"
	"slices"
)

// Holds reports whether a gate holds in the cluster as it was seen, and if not,
// why.
func (c Cluster) Holds(g Gate) (holds bool, why string) {
	switch g.Kind {
	case WorkloadReady:
		return c.workloadReady(g)
	case DefinitionServed:
		return slices.Contains(c.Definitions, g.Name), "it is not served yet"
	case WebhookTrusted:
		i := slices.IndexFunc(c.Webhooks, func(w Webhook) bool { return w.Kind == g.Resource && w.Name == g.Name })
		if i < 0 {
			return false, "it is not there yet"
		}
		return c.Webhooks[i].Trusted, "its control plane has not given it a CA yet"
	}
	return false, "nobody knows how to look at it"
}

func (c Cluster) workloadReady(g Gate) (holds bool, why string) {
	i := slices.IndexFunc(c.Workloads, func(w Workload) bool {
		return w.Kind == g.Resource && w.Namespace == g.Namespace && w.Name == g.Name
	})
	if i < 0 {
		return false, "it is not there yet"
	}
	w := c.Workloads[i]
	return w.RolledOut, fmt.Sprintf("%d of %d replicas are ready; see kubectl -n %s get pods", w.Ready, w.Replicas, w.Namespace)
}
