package resolve

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// namesPaths says whether any rule of the policy is limited to paths.
func namesPaths(policy *v1alpha1.AccessPolicy) bool {
	return slices.ContainsFunc(policy.Spec.Rules, func(r v1alpha1.AccessRule) bool {
		return slices.ContainsFunc(r.To, func(to v1alpha1.AccessOperation) bool { return len(to.Paths) > 0 })
	})
}

// coveredProbe finds a probe whose path the policy's paths cover, and its path.
// A prefix of "/" speaks of no path in particular and covers none.
func coveredProbe(policy *v1alpha1.AccessPolicy, records []*record, service *ir.Service) (path string, covered bool) {
	var found []string
	for i := range policy.Spec.Rules {
		for j := range policy.Spec.Rules[i].To {
			to := &policy.Spec.Rules[i].To[j]
			ports := containerPorts(to.Ports, service)
			for _, r := range records {
				for _, probe := range r.workload.Probes {
					if (len(to.Ports) == 0 || slices.Contains(ports, probe.Port)) && coversProbe(to.Paths, probe.Path) {
						found = append(found, probe.Path)
					}
				}
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	return slices.Min(found), true
}

func containerPorts(numbers []v1alpha1.PortNumber, service *ir.Service) []int32 {
	var ports []int32
	for _, n := range numbers {
		if service == nil {
			break
		}
		if port, ok := service.Port(int32(n)); ok {
			ports = append(ports, port.Targets...)
		}
	}
	return ports
}

func coversProbe(paths []v1alpha1.HTTPPathMatch, probe string) bool {
	return slices.ContainsFunc(paths, func(p v1alpha1.HTTPPathMatch) bool {
		path := accessPath(&p)
		if path.Type == ir.PathExact {
			return path.Value == probe
		}
		return path.Type == ir.PathPrefix && path.Value != "/" && underPrefix(probe, path.Value)
	})
}

// underPrefix compares element by element.
func underPrefix(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// trimPrefixPath is the canonical form of a prefix.
func trimPrefixPath(value string) string { return orElse(strings.TrimRight(value, "/"), "/") }

// reportOutside says of policies that pods of their target lack the proxy.
func (v *view) reportOutside(policies []*v1alpha1.AccessPolicy, target ir.Target, records []*record, provider string) {
	var outside []string
	for _, r := range records {
		if !v.carries(provider, r) {
			outside = append(outside, describe(r.workload))
		}
	}
	if len(outside) == 0 {
		return
	}
	first := slices.Min(outside)
	for _, policy := range policies {
		v.report(finding{ir.EffectWithheld, CodeOutsideMesh, sourceOf(policy), target},
			"pods of the target run without the mesh's proxy, first %s: the policy does not hold for them until they are restarted with one", first)
	}
}
