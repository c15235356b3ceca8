package engine

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// MeshEnv returns what is known of a mesh: the configured override, else what
// its status says was observed. Without either the version is open, and the
// variant is the one that the Mesh's data plane names. The variant is empty
// where the provider does not offer that data plane.
func (e *Engine) MeshEnv(mesh ir.Mesh) translators.Env {
	if e.cfg.MeshEnv != nil {
		return e.cfg.MeshEnv(mesh)
	}
	env := translators.Env{}
	dataPlane := ""
	if obj, ok := e.cfg.Store.Object(ir.Ref{Kind: "Mesh", Name: mesh.Name}); ok {
		if m, ok := obj.(*v1alpha1.Mesh); ok {
			env, dataPlane = observed(m.Status.Env), string(m.Spec.DataPlane)
		}
	}
	if provider, ok := e.provider(mesh.Provider); ok {
		// What runs in one namespace does not tell the data planes of one provider
		// apart; a Mesh that names its own knows better.
		if offered := VariantOf(provider, true, dataPlane); offered == "" || env.Variant == "" || dataPlane != "" {
			env.Variant = offered
		}
	}
	return env
}

// ControllerEnv returns what is known of an ingress, as MeshEnv does.
func (e *Engine) ControllerEnv(controller ir.Controller) translators.Env {
	if e.cfg.ControllerEnv != nil {
		return e.cfg.ControllerEnv(controller)
	}
	env := translators.Env{}
	if obj, ok := e.cfg.Store.Object(ir.Ref{Kind: "IngressController", Name: controller.Name}); ok {
		if c, ok := obj.(*v1alpha1.IngressController); ok {
			env = observed(c.Status.Env)
		}
	}
	if provider, ok := e.provider(controller.Provider); ok && env.Variant == "" {
		env.Variant = VariantOf(provider, false, "")
	}
	return env
}

// VariantOf returns the name of the provider's variant for a data plane, or its
// first one where none is named; "" where the provider does not offer it.
func VariantOf(provider *translators.Provider, mesh bool, dataPlane string) string {
	for _, v := range provider.Variants {
		if v.Mesh == mesh && (dataPlane == "" || v.DataPlane == "" || v.DataPlane == dataPlane) {
			return v.Name
		}
	}
	return ""
}

func observed(status *v1alpha1.ObservedEnv) translators.Env {
	if status == nil {
		return translators.Env{}
	}
	env := translators.Env{Variant: status.Variant, Version: status.Version, Edition: status.Edition}
	if api := status.GatewayAPI; api != nil {
		env.GatewayAPI = translators.GatewayAPI{Version: api.Version, Channel: api.Channel, Served: api.Served}
	}
	if len(status.Facts) > 0 {
		env.Facts = make(map[string]string, len(status.Facts))
		for _, fact := range status.Facts {
			env.Facts[fact.Name] = fact.Value
		}
	}
	return env
}

// StoreOptions returns the options of a store for these providers.
func StoreOptions(providers []translators.Provider) resolve.Options {
	return resolve.Options{
		Proxied: func(name string, w ir.Workload) bool {
			proxied := named(providers, name).Proxied
			return proxied != nil && proxied(w)
		},
		Needs: func(name string) resolve.Needs {
			needs := named(providers, name).Needs
			return resolve.Needs{
				Services: needs.Services, Callers: needs.Callers, Namesakes: needs.Namesakes, Reach: needs.Reach,
				Serving: needs.Serving, RateLimit: needs.RateLimit,
			}
		},
		Annotations:           annotationKeys(providers),
		ControlPlaneNamespace: func(name string) string { return named(providers, name).Usual.ControlPlaneNamespace },
		Controller: func(name string) (namespace, gatewayClass string) {
			place := named(providers, name).Usual
			return place.ControllerNamespace, place.GatewayClass
		},
		Member: func(mesh *v1alpha1.Mesh, namespace *corev1.Namespace) bool {
			member := named(providers, string(mesh.Spec.Provider)).Member
			return member != nil && member(namespace.Labels, namespace.Annotations)
		},
		Installs: func(name string) bool { return named(providers, name).Charts != nil },
		Gateways: func(name string) bool {
			charts := named(providers, name).Charts
			return charts != nil && charts.Gateway != nil
		},
	}
}

// named returns the provider of a name; one that offers nothing where there is
// none.
func named(providers []translators.Provider, name string) *translators.Provider {
	for i := range providers {
		if providers[i].Name == name {
			return &providers[i]
		}
	}
	return &translators.Provider{}
}

// annotationKeys are the annotations that the providers' ways put as marks, or
// that their translations need, and that Resolve therefore copies.
func annotationKeys(providers []translators.Provider) []string {
	var keys []string
	for i := range providers {
		keys = append(keys, providers[i].Needs.Annotations...)
		for _, way := range providers[i].Joins {
			for _, mark := range way.Marks {
				if mark.Annotation {
					keys = append(keys, mark.Key)
				}
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
