// Package roles derives what the operator and the users of the unified API may
// do in a cluster from what the code does: from the kinds that providers emit
// and from those that the controllers read. The install chart carries the
// result.
package roles

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators"
)

// Rules are permissions that are needed for one reason.
type Rules struct {
	Why   string
	Rules []rbacv1.PolicyRule
}

// Secrets is the resource that Translator leaves out: which namespaces' may be
// read is for whoever installs to say.
var Secrets = corev1.SchemeGroupVersion.WithKind("Secret")

// Translator returns what the controllers of traffic need in the whole cluster,
// given the providers and the kinds that the controllers watch; but for
// Secrets.
func Translator(providers []translators.Provider, watched []schema.GroupVersionKind) []Rules {
	var unified, read []schema.GroupVersionKind
	for _, kind := range watched {
		switch {
		case slices.Contains(kinds.Unified(), kind):
			unified = append(unified, kind)
		case kind != Secrets:
			read = append(read, kind)
		}
	}
	definitions := apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition")
	namespaces := corev1.SchemeGroupVersion.WithKind("Namespace")
	return []Rules{
		{"The unified API, and its status.", append(allow(unified, "", "list", "watch"), allow(unified, "/status", "patch")...)},
		{"What unified objects refer to and select, and what runs.", allow(read, "", "list", "watch")},
		{"Whether the definition of a kind is intact, before anything is removed.", allow([]schema.GroupVersionKind{definitions}, "", "get")},
		{"Fields of objects of others, as the labels by which meshes know their members.", allow(append(parts(providers), namespaces), "", "get", "patch")},
		{"The native objects of every provider.", allow(translators.Kinds(providers), "", "create", "delete", "get", "list", "patch", "watch")},
		{"Objects of others that speak for what those of providers do.", allow(foreign(providers), "", "list", "watch")},
	}
}

// parts are the kinds of objects of others that providers contribute to.
func parts(providers []translators.Provider) []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	for i := range providers {
		all = append(all, providers[i].Parts...)
	}
	return all
}

// foreign are the kinds that providers look at and none of them writes.
func foreign(providers []translators.Provider) []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	written := translators.Kinds(providers)
	for i := range providers {
		for _, kind := range providers[i].Foreign {
			if !slices.Contains(written, kind) {
				all = append(all, kind)
			}
		}
	}
	return all
}

// Viewer returns what reading the unified API needs.
func Viewer() []Rules {
	return []Rules{{"The unified API.", allow(kinds.Unified(), "", "get", "list", "watch")}}
}

// Editor returns what writing the unified API in a namespace needs. What the
// whole cluster shares is for administrators.
func Editor() []Rules {
	verbs := []string{"create", "delete", "deletecollection", "patch", "update"}
	namespaced := slices.DeleteFunc(kinds.Unified(), kinds.ClusterScoped)
	return []Rules{{"The unified API, but for what the whole cluster shares.", allow(namespaced, "", verbs...)}}
}

// allow returns one rule for each API group of the kinds, sorted.
func allow(of []schema.GroupVersionKind, subresource string, verbs ...string) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, kind := range of {
		at := slices.IndexFunc(rules, func(r rbacv1.PolicyRule) bool { return r.APIGroups[0] == kind.Group })
		if at < 0 {
			at = len(rules)
			rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{kind.Group}, Verbs: verbs})
		}
		rules[at].Resources = append(rules[at].Resources, Resource(kind)+subresource)
	}
	for i := range rules {
		slices.Sort(rules[i].Resources)
		rules[i].Resources = slices.Compact(rules[i].Resources)
	}
	slices.SortFunc(rules, func(a, b rbacv1.PolicyRule) int { return cmp.Compare(a.APIGroups[0], b.APIGroups[0]) })
	return rules
}
