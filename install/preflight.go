package install

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// Level says how bad a Finding is.
type Level string

// The levels.
const (
	// LevelError findings keep an installation or upgrade from beginning.
	LevelError Level = "error"
	// LevelWarning findings are worth knowing before it does.
	LevelWarning Level = "warning"
)

// Finding is something about a cluster that matters before a mesh is installed
// or upgraded there.
type Finding struct {
	Level  Level
	Reason v1alpha1.ConditionReason
	// Message says what is so, and the remedy.
	Message string
}

// lookAgain is how often a cluster is looked at that was not fit.
const lookAgain = time.Minute

// Preflight returns everything that speaks against installing, or upgrading to,
// what is wanted, and what is worth knowing: errors first. It changes nothing,
// and says the same as Next would refuse with.
func Preflight(p *Planner, w Wanted, s Seen) []Finding {
	if w.Spec.Mode != v1alpha1.ModeManaged {
		return nil
	}
	l := newLife(p, w, s)
	var out []Finding
	if step := l.aim(); step != nil {
		out = append(out, Finding{LevelError, step.Reason, step.Message})
		if step.Reason == v1alpha1.ReasonVersionUnknown {
			return out
		}
	}
	begins := l.begins()
	for _, f := range l.fitness() {
		if !begins {
			f.Level = LevelWarning // What runs already is not put into question.
		}
		out = append(out, f)
	}
	out = append(append(out, values(l)...), movability(l)...)
	slices.SortStableFunc(out, func(a, b Finding) int { return strings.Compare(string(a.Level), string(b.Level)) })
	return out
}

// fitness runs all checks of the cluster.
func (l *life) fitness() []Finding {
	var out []Finding
	for _, check := range []func(*life) []Finding{
		foreign, neighbours, windows, gatewayAPI, endOfLife, namespace, definitions, webhooks,
	} {
		out = append(out, check(l)...)
	}
	return out
}

// entry is that of the target in the catalog.
func (l *life) entry() Version {
	for _, v := range l.p.Catalog.Versions {
		if v.Version == l.target.version {
			return v
		}
	}
	return Version{Version: l.target.version}
}

func problem(format string, args ...any) []Finding {
	return []Finding{{LevelError, v1alpha1.ReasonPreflightFailed, fmt.Sprintf(format, args...)}}
}

func warning(format string, args ...any) []Finding {
	return []Finding{{LevelWarning, v1alpha1.ReasonPreflightFailed, fmt.Sprintf(format, args...)}}
}

// windows refuses a Kubernetes that is too old. One that is too new was not
// tried by the makers of the mesh, which is no proof that it does not work.
func windows(l *life) []Finding {
	v, has := l.entry(), l.s.Cluster.Kubernetes
	switch {
	case has == "" || v.Kubernetes.Holds(has):
		return nil
	case v.Kubernetes.Min != "" && !(Window{Min: v.Kubernetes.Min}).Holds(has):
		return problem("version %s needs Kubernetes %s and this is %s: upgrade the cluster, or ask for an older spec.version", v.Version, v.Kubernetes, has)
	}
	return warning("version %s is made for Kubernetes %s and this is %s: a newer spec.version may be made for it", v.Version, v.Kubernetes, has)
}

// gatewayAPI warns of a bundle that the version is not made for, unless the plan
// brings another one, or says itself why it cannot.
func gatewayAPI(l *life) []Finding {
	v, has := l.entry(), l.s.Cluster.GatewayAPI
	if has == "" || v.GatewayAPI.Holds(has) || slices.ContainsFunc(l.plan().Charts, Chart.isGatewayAPI) {
		return nil
	}
	if v.GatewayAPI.Min != "" && !(Window{Min: v.GatewayAPI.Min}).Holds(has) {
		return warning("version %s is made for Gateway API %s and the cluster has %s, which Meshloom leaves alone: upgrade the bundle of Gateway API first",
			v.Version, v.GatewayAPI, has)
	}
	return warning("version %s is made for Gateway API %s and the cluster has %s: what is new in it is not understood", v.Version, v.GatewayAPI, has)
}

func endOfLife(l *life) []Finding {
	if note := l.p.Catalog.EndOfLife(l.target.version, l.s.Now); note != "" {
		return warning("%s", note)
	}
	return nil
}

// namespace refuses to install into a namespace that is going, or that has a
// proxy put into the pods of the control plane.
func namespace(l *life) []Finding {
	home := l.s.Home
	if home.Terminating {
		return problem("namespace %s is being deleted: wait until it is gone, or mend what keeps it (kubectl get namespace %s -o yaml)", l.w.Namespace, l.w.Namespace)
	}
	if home.Mesh != "" {
		return problem("namespace %s is a member of Mesh %s, and a control plane is never a member: take it out of that mesh's spec.members", l.w.Namespace, home.Mesh)
	}
	return nil
}

// definitions refuses CRDs that a Helm release of somebody else would fight
// for. CRDs of nobody are taken by Helm's own rules, or refused there.
func definitions(l *life) []Finding {
	groups, owners := l.groups(), map[string][]string{}
	for name, release := range l.s.Cluster.Owners {
		_, group, _ := strings.Cut(name, ".")
		consent := mayTakeOver(l.w) && path.Dir(release) == l.w.Namespace
		if groups[group] && !l.isOurs(release) && !consent {
			owners[release] = append(owners[release], name)
		}
	}
	var out []Finding
	for _, release := range slices.Sorted(maps.Keys(owners)) {
		slices.Sort(owners[release])
		out = append(out, problem("CRDs %s belong to Helm release %s: remove that release but keep its CRDs, or take it over with `meshctl adopt`",
			list(owners[release], 3), release)...)
	}
	return out
}

// groups are the API groups of the CRDs that the plan waits for.
func (l *life) groups() map[string]bool {
	groups := map[string]bool{}
	for _, c := range l.plan().Charts {
		for _, g := range c.Gates {
			if _, group, ok := strings.Cut(g.Name, "."); ok && g.Kind == DefinitionServed {
				groups[group] = true
			}
		}
	}
	return groups
}

// isOurs reports whether a Helm release, as "namespace/name", is a Mesh's.
func (l *life) isOurs(release string) bool {
	return slices.ContainsFunc(l.s.Cluster.Releases, func(rel Release) bool {
		return rel.Namespace+"/"+rel.Name == release && rel.Owner != ""
	})
}

// webhooks warns of those that call nobody: a mesh that was not removed whole
// leaves them, and then nothing that they look at can be created.
func webhooks(l *life) []Finding {
	var out []Finding
	for _, hook := range l.s.Cluster.Webhooks {
		if len(hook.Missing) > 0 {
			out = append(out, warning("%s %s calls Service %s, which is not there, so that what it looks at may be refused: delete it if nobody needs it (kubectl delete %s %s)",
				hook.Kind, hook.Name, list(hook.Missing, 2), strings.ToLower(hook.Kind), hook.Name)...)
		}
	}
	return out
}

// values reports what the plan cannot do as asked.
func values(l *life) []Finding {
	var out []Finding
	for _, issue := range l.plan().Issues {
		level := LevelWarning
		if issue.Effect == ir.EffectRejected {
			level = LevelError
		}
		message := issue.Message
		if issue.Source.Field != "" {
			message = issue.Source.Field + ": " + message
		}
		out = append(out, Finding{level, v1alpha1.ConditionReason(issue.Reason), message})
	}
	return out
}

// movability names, before anything starts, what will be left unmoved.
func movability(l *life) []Finding {
	if l.inPlace.revision == "" {
		return nil
	}
	var out []Finding
	for _, entry := range l.state.Immovable {
		out = append(out, Finding{LevelWarning, v1alpha1.ReasonWorkloadsImmovable, "not restarted, as that would lose requests: " + entry})
	}
	return out
}
