package linkerd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Codes of issues of access, membership and egress, documented in
// docs/reference/codes.md.
const (
	// codeDenyWidened: a Deny that refuses more callers than it names.
	codeDenyWidened = "ML2221"
	// codeAccessPath: an access path that no route can say.
	codeAccessPath = "ML2222"
	// codePortsOpen: ports that pods may serve without declaring them.
	codePortsOpen = "ML2223"
	// codeProbePath: a probe's path that is open to more than kubelet.
	codeProbePath = "ML2224"
	// codeDefaultUnknown: rules that leave the rest to a default nobody states.
	codeDefaultUnknown = "ML2225"
	// codeSelectorless: an access target that selects no pods by label.
	codeSelectorless = "ML2226"
	// codeTooManyOverlaps: Services that overlap in more ways than can be told apart.
	codeTooManyOverlaps = "ML2227"
	// codeRestart: what only new pods read.
	codeRestart = "ML2228"
	// codeEgress: an external host that no route can name.
	codeEgress = "ML2229"
	// codeTwinPaths: an exact path beside the prefix of the same name.
	codeTwinPaths = "ML2230"
	// codeLimitShared: a limit of requests beside a smaller one of the same pods.
	codeLimitShared = "ML2231"
	// codeLimitWithheld: a limit of requests that would change who is admitted.
	codeLimitWithheld = "ML2232"
)

// widenedIssues say which Deny rules refuse more than they name.
func widenedIssues(widened map[ir.Source]ir.Feature) []ir.Issue {
	sources := slices.SortedFunc(maps.Keys(widened), func(a, b ir.Source) int {
		return cmp.Or(a.Compare(b.Ref), cmp.Compare(a.Field, b.Field))
	})
	var issues []ir.Issue
	for _, source := range sources {
		issues = append(issues, finding{Source: source, Feature: widened[source], Code: codeDenyWidened}.Closed(
			"Linkerd can only admit, and cannot leave these callers out of a namespace, of all members or of everyone: "+
				"until the policy is changed it refuses all of those that they are among; have Allow policies name the callers to admit by ServiceAccount, or by other namespaces"))
	}
	return issues
}

// pathIssues say which paths no route can say. Expressions are the capability
// matrix's to answer.
func pathIssues(rules *ir.AccessRules) []ir.Issue {
	var issues []ir.Issue
	visit := func(list []ir.AccessRule, consequence string) {
		for i := range list {
			for j := range list[i].To {
				op := &list[i].To[j]
				for _, path := range op.Paths {
					if path.Type == ir.PathRegex || sayable(path) {
						continue
					}
					feature := ir.AccessPathExact
					if path.Type == ir.PathPrefix {
						feature = ir.AccessPathPrefix
					}
					issues = append(issues, finding{Source: op.Source, Feature: feature, Code: codeAccessPath}.Closed(
						"no route can match path %q as it is, because proxies read such paths differently: until the policy is changed it %s", path.Value, consequence))
				}
			}
		}
	}
	visit(rules.Allow, "admits nobody")
	visit(rules.Deny, "denies every path")
	return issues
}

// twinIssues say which rules name an exact path that Linkerd cannot tell from a
// prefix of another rule.
func twinIssues(rules []*ir.AccessRules, twins map[string]bool) []ir.Issue {
	var issues []ir.Issue
	for _, set := range rules {
		for _, rule := range slices.Concat(set.Allow, set.Deny) {
			for _, op := range rule.To {
				for _, path := range op.Paths {
					if path.Type == ir.PathExact && twins[path.Value] {
						issues = append(issues, finding{Source: op.Source, Feature: ir.AccessPathExact, Code: codeTwinPaths}.Closed(
							"Linkerd prefers the longer path and cannot tell the exact path %q from the prefix of the same name: until the policy is changed both admit only whom both rules admit; have the rules name the same callers, or other paths", path.Value))
					}
				}
			}
		}
	}
	return issues
}

// openPorts says of each policy that ports which nobody declares stay open.
func openPorts(policies []ir.Source, target ir.Target, ports []containerPort) []ir.Issue {
	var issues []ir.Issue
	for _, source := range policies {
		effect := ir.EffectPartial
		if len(ports) == 0 {
			effect = ir.EffectWithheld
		}
		issue := finding{Source: source, Code: codePortsOpen}.Issue(effect, v1alpha1.ReasonPortsNotClosed,
			"Linkerd governs ports one by one, here %s: a port that the pods serve without declaring it stays as the mesh's default has it; declare every port in the pods, or set access.default: Deny in the Mesh", portList(ports))
		issue.Target = target
		issues = append(issues, issue)
	}
	return issues
}

func portList(ports []containerPort) string {
	if len(ports) == 0 {
		return "none, because none is declared"
	}
	var names []string
	for _, p := range ports {
		names = append(names, fmt.Sprint(p.number))
	}
	return strings.Join(names, ", ")
}

// probeIssues say whom the paths of probes are open to.
func (w *writer) probeIssues(policies []ir.Source, port containerPort) []ir.Issue {
	var paths []string
	for _, p := range port.probes {
		paths = append(paths, p.Path)
	}
	if len(paths) == 0 {
		return nil
	}
	effect, from := ir.EffectPartial, "everybody who can connect, because it is not known where kubelet sends its probes from: annotate the Mesh with "+v1alpha1.FactPrefix+FactProbeNetworks
	if len(w.probers) > 0 {
		effect, from = ir.EffectNote, "callers in "+strings.Join(w.probers, ", ")
	}
	var issues []ir.Issue
	for _, source := range policies {
		issues = append(issues, finding{Source: source, Code: codeProbePath}.Issue(effect, v1alpha1.ReasonEmulated,
			"with rules by method or path Linkerd admits kubelet's probes no longer by itself, so GET %s at port %d of all these pods is open to %s", strings.Join(paths, ", "), port.number, from))
	}
	return issues
}
