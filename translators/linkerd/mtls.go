package linkerd

import (
	"cmp"
	"fmt"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// FactDefaultInboundPolicy is the fact that names the inbound policy that the
// mesh was installed with; "all-unauthenticated", as Linkerd has it, where it is
// not known.
const FactDefaultInboundPolicy = "defaultInboundPolicy"

// annotationInboundPolicy is what pods read when they are created: who reaches
// ports that no Server governs.
const annotationInboundPolicy = "config.linkerd.io/default-inbound-policy"

// The inbound policies.
const (
	inboundDeny                   = "deny"
	inboundAllAuthenticated       = "all-authenticated"
	inboundAllUnauthenticated     = "all-unauthenticated"
	inboundClusterAuthenticated   = "cluster-authenticated"
	inboundClusterUnauthenticated = "cluster-unauthenticated"
)

// authenticated are the policies that refuse plaintext, by those that do not.
var authenticated = map[string]string{
	inboundAllUnauthenticated: inboundAllAuthenticated, inboundClusterUnauthenticated: inboundClusterAuthenticated,
}

// installedPolicy is the policy that holds where nothing else is said.
func installedPolicy(env translators.Env) string {
	return cmp.Or(env.Facts[FactDefaultInboundPolicy], inboundAllUnauthenticated)
}

// inboundPolicy is the default that the Mesh asks for: its mTLS mode and its
// access default are one value here. What the Mesh leaves alone stays as the
// installation has it. It is empty where nothing has to be written.
func inboundPolicy(env translators.Env, u *ir.NamespaceUnit) string {
	installed := installedPolicy(env)
	strict := u.MTLS != nil && u.MTLS.Mode == ir.MTLSStrict
	if u.AccessDefault == ir.AccessDeny {
		return inboundDeny
	}
	policy := installed
	if u.AccessDefault == ir.AccessAllow {
		policy = inboundAllUnauthenticated
		if u.MTLS == nil && (installed == inboundAllAuthenticated || installed == inboundClusterAuthenticated) {
			policy = inboundAllAuthenticated
		}
	}
	if refusing, open := authenticated[policy]; open && strict {
		policy = refusing
	}
	for open, refusing := range authenticated {
		if policy == refusing && u.MTLS != nil && !strict {
			policy = open
		}
	}
	// What the mesh has by itself is not said again, as far as it is known.
	if policy == installed && (u.AccessDefault == "" || !u.Mesh.Adopted || env.Facts[FactDefaultInboundPolicy] != "") {
		return ""
	}
	return policy
}

// defaultInbound contributes the default to the Namespace, and says which of its
// pods do not have it yet.
func defaultInbound(env translators.Env, u *ir.NamespaceUnit) ([]translators.Contribution, []ir.Issue) {
	policy := inboundPolicy(env, u)
	source := u.Mesh.Source.At("spec.access.default")
	if u.AccessDefault != ir.AccessDeny && u.MTLS != nil && u.MTLS.Source.Name != "" {
		source = u.MTLS.Source
	}
	issues := outdated(u, cmp.Or(policy, installedPolicy(env)), installedPolicy(env), source)
	if policy == "" {
		return nil, issues
	}
	return []translators.Contribution{{
		Object: namespaceRef(u.Name),
		Path:   []string{"metadata", "annotations", annotationInboundPolicy},
		Value:  policy, Source: source,
	}}, issues
}

// outdated says how many kinds of pods were created under another policy than
// they would be now. The injector copies the annotation of the namespace to pods.
func outdated(u *ir.NamespaceUnit, holds, installed string, source ir.Source) []ir.Issue {
	count, first := 0, ""
	for i := range u.Workloads {
		w := &u.Workloads[i]
		if !proxied(*w) || cmp.Or(w.Annotations[annotationInboundPolicy], installed) == holds {
			continue
		}
		if count == 0 {
			first = labelText(w.Labels)
		}
		count++
	}
	if count == 0 {
		return nil
	}
	return []ir.Issue{finding{Source: source, Code: codeRestart}.Issue(ir.EffectWithheld, v1alpha1.ReasonRestartRequired,
		"only new pods read the mesh's default: in namespace %s it is %q now, and %s %s created under another, first with labels %s; restart them, and remove the annotation %s from their templates",
		u.Name, holds, kindsOfPods(count), were(count), first, annotationInboundPolicy)}
}

func kindsOfPods(n int) string {
	if n == 1 {
		return "1 kind of pods"
	}
	return fmt.Sprintf("%d kinds of pods", n)
}

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}
