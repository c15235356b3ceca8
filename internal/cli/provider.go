package cli

import (
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
)

// provider returns the provider of a name, in any case.
func (a *app) provider(name string) *translators.Provider {
	for i := range a.Providers {
		if strings.EqualFold(a.Providers[i].Name, name) {
			return &a.Providers[i]
		}
	}
	return nil
}

// installable returns the provider that a flag names, which must be one that
// can be installed.
func (a *app) installable(name string, mesh bool) (*translators.Provider, error) {
	var known []string
	for i := range a.Providers {
		p := &a.Providers[i]
		if p.Charts == nil || mesh && p.Charts.Mesh == nil || !mesh && p.Charts.Controller == nil {
			continue
		}
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
		known = append(known, p.Name)
	}
	slices.Sort(known)
	if name == "" {
		return nil, usagef("--provider is missing; it can be %s", strings.Join(known, ", "))
	}
	return nil, usagef("--provider %q is not known, or cannot be installed; it can be %s", name, strings.Join(known, ", "))
}

// namespaceOf returns where a mesh or an ingress controller runs: what its
// spec says, or what is usual for its provider.
func (a *app) namespaceOf(obj client.Object) string {
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		if o.Spec.ControlPlaneNamespace != "" {
			return string(o.Spec.ControlPlaneNamespace)
		}
		if p := a.provider(string(o.Spec.Provider)); p != nil {
			return p.Usual.ControlPlaneNamespace
		}
	case *v1alpha1.IngressController:
		if o.Spec.Namespace != "" {
			return string(o.Spec.Namespace)
		}
		if p := a.provider(string(o.Spec.Provider)); p != nil {
			return p.Usual.ControllerNamespace
		}
	}
	return ""
}
