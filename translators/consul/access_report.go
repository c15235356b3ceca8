package consul

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

func callerShared(s shared) ir.Issue {
	return finding{Source: s.caller.Source, Code: codeCallerShared}.Issue(ir.EffectClosed, v1alpha1.ReasonIdentityShared,
		"Consul knows callers by service name, and by %q it would admit %s too, so nobody is admitted by it: give every ServiceAccount a Service of its own, with a name that no other has",
		s.svc.Name, s.other)
}

func othersDenied(s shared) ir.Issue {
	return finding{Source: s.caller.Source, Code: codeDeniesOthers}.Issue(ir.EffectPartial, v1alpha1.ReasonIdentityShared,
		"Consul knows callers by service name, and by %q it denies %s too: give every ServiceAccount a Service of its own, with a name that no other has", s.svc.Name, s.other)
}

func nobodyAdmitted(m missing) ir.Issue {
	return finding{Source: m.caller.Source, Code: codeCallerUnknown}.Issue(ir.EffectUnresolved, v1alpha1.ReasonTargetNotFound,
		"%s runs as no Service of a member namespace, by which Consul would know it, so nobody is admitted by it: make a Service that selects its pods", m.what)
}

func everybodyDenied(m missing) ir.Issue {
	return finding{Source: m.caller.Source, Code: codeCallerUnknown}.Issue(ir.EffectClosed, v1alpha1.ReasonTargetNotFound,
		"%s runs as no Service of a member namespace, by which Consul would know whom to deny, so everybody is denied: make a Service that selects its pods, or remove it",
		m.what)
}

func denyWidened(source ir.Source) ir.Issue {
	return finding{Source: source, Code: codeDenyWidened}.Closed("Consul cannot deny some requests and leave the rest to what others have said for every service, so the callers are denied every request: set access.default of the Mesh")
}

func pathRefused(op *ir.Operation, allow bool) ir.Issue {
	consequence := "every request is denied"
	if allow {
		consequence = "nobody is admitted"
	}
	feature := ir.AccessPathExact
	if !slices.ContainsFunc(op.Paths, func(p ir.PathMatch) bool { return p.Type == ir.PathExact && !comparablePath(p) }) {
		feature = ir.AccessPathPrefix
	}
	return finding{Source: op.Source, Feature: feature, Code: codeAccessPath}.Closed("Consul takes paths that begin with a slash and the methods %s alone: until the policy is changed %s", strings.Join(consulMethods, ", "), consequence)
}

func portUnknown(op *ir.Operation, ports []int32) ir.Issue {
	return finding{Source: op.Source, Feature: ir.AccessPorts, Code: codePortUnknown}.Closed("Consul forwards every connection to the one port that a pod registers, and the pods may register any of %s, so nobody is admitted: annotate the pods with %s, or remove ports",
		strings.Trim(fmt.Sprint(ports), "[]"), annotationPort)
}
