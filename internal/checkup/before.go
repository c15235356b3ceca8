package checkup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

const (
	kubernetes  category = "kubernetes"
	definitions category = "definitions"
	webhooks    category = "webhooks"
	meshes      category = "meshes"
	namespaces  category = "namespaces"
)

// Kubernetes checks the version of the API server against the oldest that
// Meshloom supports.
func Kubernetes(seen install.Cluster, oldest string) Check {
	const name = "version"
	if (install.Window{Min: oldest}).Holds(seen.Kubernetes) {
		return kubernetes.ok(name, seen.Kubernetes)
	}
	return kubernetes.fail(name, finding{
		fmt.Sprintf("Kubernetes is %s, and Meshloom needs %s or newer", seen.Kubernetes, oldest), "upgrade the cluster",
	})
}

// Webhooks reports configurations of admission webhooks that call Services
// which do not exist: what is left of something that was removed.
func Webhooks(seen install.Cluster) []Check {
	var out []Check
	for _, hook := range seen.Webhooks {
		if len(hook.Missing) > 0 {
			out = append(out, webhooks.warn(hook.Kind+" "+hook.Name, finding{
				"calls " + strings.Join(hook.Missing, ", ") + ", which does not exist",
				fmt.Sprintf("if nothing needs it any more: kubectl delete %s %s", strings.ToLower(hook.Kind), hook.Name),
			}))
		}
	}
	if len(out) == 0 {
		out = append(out, webhooks.ok("nothing left over"))
	}
	return out
}

// Meshes says which meshes and ingresses run that no object of the unified API
// speaks of.
func Meshes(seen install.Cluster, providers []translators.Provider, known []string) []Check {
	var out []Check
	for i := range providers {
		p := &providers[i]
		if p.Charts == nil || p.Charts.Found == nil {
			continue
		}
		for _, found := range p.Charts.Found(seen) {
			name := p.Name + " in " + found.Namespace
			if slices.Contains(known, p.Name+"/"+found.Namespace) {
				out = append(out, meshes.ok(name, strings.TrimSpace(found.Version+" "+found.Revision)))
				continue
			}
			out = append(out, meshes.warn(name, finding{
				fmt.Sprintf("%s runs there (%s), and Meshloom has no part in it", strings.TrimSpace(p.Name+" "+found.Version), found.Evidence),
				fmt.Sprintf("to use it: meshctl adopt mesh NAME --provider %s --control-plane-namespace %s", p.Name, found.Namespace),
			}))
		}
	}
	if len(out) == 0 {
		out = append(out, meshes.ok("none runs yet"))
	}
	return out
}

// Owners checks who installed the definitions of the unified API, if anybody.
func Owners(ctx context.Context, c client.Reader, names []string) []Check {
	const name = "owner"
	owners := map[string][]string{}
	for _, crd := range names {
		obj := &metav1.PartialObjectMetadata{}
		obj.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
		err := c.Get(ctx, client.ObjectKey{Name: crd}, obj)
		if client.IgnoreNotFound(err) != nil {
			return []Check{definitions.unknown(name, err)}
		}
		if err == nil {
			by := OwnerOf(obj)
			owners[by.String()] = append(owners[by.String()], crd)
		}
	}
	switch len(owners) {
	case 0:
		return []Check{definitions.ok(name, "not there yet")}
	case 1:
		for by := range owners {
			return []Check{definitions.ok(name, by)}
		}
	}
	var parts []string
	for by, crds := range owners {
		parts = append(parts, fmt.Sprintf("%s by %s", strings.Join(crds, ", "), by))
	}
	slices.Sort(parts)
	return []Check{definitions.warn(name, finding{"installed " + strings.Join(parts, "; "), "install all of them the same way"})}
}

// podSecurity is the label by which a namespace says what pods may do there.
const podSecurity = "pod-security.kubernetes.io/enforce"

// Namespaces reports namespaces whose pods may do so little that a mesh's
// proxies, which redirect traffic, may not start in them.
func Namespaces(ctx context.Context, c client.Reader) []Check {
	list := &corev1.NamespaceList{}
	if err := c.List(ctx, list); err != nil {
		return []Check{namespaces.unknown("pod security", err)}
	}
	var strict []string
	for _, ns := range list.Items {
		level := ns.Labels[podSecurity]
		_, member := ns.Labels[v1alpha1.LabelMesh]
		if level != "" && level != "privileged" && ns.Labels["app.kubernetes.io/part-of"] != "meshloom" {
			text := ns.Name + " (" + level
			if member {
				text += ", a member"
			}
			strict = append(strict, text+")")
		}
	}
	if len(strict) == 0 {
		return []Check{namespaces.ok("pod security")}
	}
	slices.Sort(strict)
	return []Check{namespaces.warn("pod security", finding{
		"restricted: " + strings.Join(strict, ", "),
		"a proxy that redirects traffic by an init container cannot start there; use the mesh's CNI plugin, or leave them out of meshes",
	})}
}
