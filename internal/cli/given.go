package cli

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// given is what the flags of a source say of the meshes and ingresses that its
// objects are translated for. It lies over what was observed of them.
type given struct {
	meshes, ingresses choice
	source            *source
	gatewayAPI        *translators.GatewayAPI
	// facts are by provider: only what one documents is said of its meshes.
	facts map[string]map[string]string
}

// given reads the flags of a source. What cannot be meant is a usageError.
func (a *app) given(s *source, mesh, ingress *choice) (*given, error) {
	g := &given{source: s, facts: map[string]map[string]string{}}
	if mesh != nil {
		g.meshes = *mesh
	}
	if ingress != nil {
		g.ingresses = *ingress
	}
	if s.gatewayAPI != "" {
		api, err := translators.ParseGatewayAPI(s.gatewayAPI)
		if err != nil {
			return nil, usagef("--gateway-api %q: %w", s.gatewayAPI, err)
		}
		g.gatewayAPI = &api
	}
	for _, fact := range s.facts {
		if err := g.addFact(a.Providers, fact); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// addFact takes "NAME=VALUE" for all providers that document the name; with
// --mesh, for the provider that it names.
func (g *given) addFact(providers []translators.Provider, fact string) error {
	name, value, ok := strings.Cut(fact, "=")
	if !ok || value == "" {
		return usagef("--fact %q is not understood; it must be NAME=VALUE", fact)
	}
	if p := g.meshes.provider; p != nil {
		providers = []translators.Provider{*p}
	}
	known := false
	for i := range providers {
		p := &providers[i]
		if !slices.ContainsFunc(p.Facts, func(f translators.Fact) bool { return f.Name == name }) {
			continue
		}
		known = true
		if g.facts[p.Name] == nil {
			g.facts[p.Name] = map[string]string{}
		}
		g.facts[p.Name][name] = value
	}
	if !known {
		return usagef("--fact %q is not known; it can be %s", name, cmp.Or(factDocs(providers), "none for this mesh"))
	}
	return nil
}

// mesh returns what is known of a mesh of which seen was observed.
func (g *given) mesh(m ir.Mesh, seen translators.Env) translators.Env {
	env := g.over(seen, g.meshes, g.source.meshVersion)
	if facts := g.facts[m.Provider]; len(facts) > 0 {
		env.Facts = maps.Clone(env.Facts)
		if env.Facts == nil {
			env.Facts = map[string]string{}
		}
		maps.Copy(env.Facts, facts)
	}
	return env
}

// controller returns what is known of an ingress of which seen was observed.
func (g *given) controller(seen translators.Env) translators.Env {
	return g.over(seen, g.ingresses, g.source.ingressVersion)
}

// over lays the flags over what was observed. Of another variant than the
// chosen one nothing was observed but the cluster that it is in.
func (g *given) over(seen translators.Env, chosen choice, version string) translators.Env {
	env := seen
	if chosen.provider != nil && seen.Variant != chosen.variant.Name {
		env = translators.Env{Variant: chosen.variant.Name, GatewayAPI: seen.GatewayAPI}
	}
	env.Version = cmp.Or(version, env.Version)
	if g.gatewayAPI != nil {
		env.GatewayAPI = *g.gatewayAPI
	}
	return env
}

// factNames lists the facts of all providers in the help of a flag.
func factNames(providers []translators.Provider) string {
	return factList(providers, func(p *translators.Provider, f translators.Fact) string { return f.Name + " (" + p.Name + ")" }, ", ")
}

// factDocs lists the facts of providers, and what they are.
func factDocs(providers []translators.Provider) string {
	return factList(providers, func(p *translators.Provider, f translators.Fact) string {
		return f.Name + " (" + p.Name + ": " + f.Doc + ")"
	}, ", or ")
}

func factList(providers []translators.Provider, format func(*translators.Provider, translators.Fact) string, between string) string {
	var out []string
	for i := range providers {
		for _, f := range providers[i].Facts {
			out = append(out, format(&providers[i], f))
		}
	}
	slices.Sort(out)
	return strings.Join(out, between)
}
