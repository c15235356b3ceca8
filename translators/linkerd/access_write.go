package linkerd

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// writer collects the objects of one unit. Those of equal content are one.
type writer struct {
	namespace string
	// scope tells the unit's objects from those of others in the namespace.
	scope string
	// sources of what is written next.
	sources []ir.Source
	// probers are the networks that kubelet sends its probes from.
	probers []string
	objects []translators.Object
	index   map[string]int
}

// add takes the object in, or its sources where it is there already.
func (w *writer) add(obj client.Object) {
	if w.index == nil {
		w.index = map[string]int{}
	}
	id := obj.GetObjectKind().GroupVersionKind().Kind + "/" + obj.GetName()
	if i, ok := w.index[id]; ok {
		w.objects[i].Sources = objectsOf(append(w.objects[i].Sources, w.sources...))
		return
	}
	w.index[id] = len(w.objects)
	w.objects = append(w.objects, translators.Object{Object: obj, Sources: objectsOf(w.sources)})
}

// objectsOf reduces sources to the objects they name, sorted and each once.
// Defaults of ours have no object and are left out.
func objectsOf(sources []ir.Source) []ir.Source {
	var out []ir.Source
	for _, s := range sources {
		if s.Name != "" {
			out = append(out, ir.Source{Ref: s.Ref, Generation: s.Generation})
		}
	}
	slices.SortFunc(out, func(a, b ir.Source) int {
		return cmp.Or(a.Compare(b.Ref), cmp.Compare(a.Generation, b.Generation))
	})
	return slices.Compact(out)
}

// serverFor writes the Server of a port of the region's pods, and returns its
// name. An empty accessPolicy leaves it to authorizations.
func (w *writer) serverFor(r region, port containerPort, accessPolicy string) string {
	name := accessName(fmt.Sprintf("%s %d", w.scope, port.number), r.key())
	s := &server{Spec: serverSpec{
		AccessPolicy: cmp.Or(accessPolicy, "deny"), PodSelector: r.selector(), Port: port.number, ProxyProtocol: port.proxyProtocol(),
	}}
	s.TypeMeta, s.ObjectMeta = metaOf(serverKind, w.namespace, name)
	w.add(s)
	return name
}

// admit writes authorizations of the callers at the target. Identities are all
// in one authentication: an authorization takes no more than one.
func (w *writer) admit(target policyRef, g grant) {
	if g.Anyone {
		w.authorize(target, policyRef{Group: policyGroup, Kind: networkAuthenticationKind.Kind, Name: w.networks("anyone", everywhere)})
	}
	if g.Member || len(g.Namespaces) > 0 || len(g.Identities) > 0 {
		w.authorize(target, policyRef{Group: policyGroup, Kind: meshTLSAuthenticationKind.Kind, Name: w.identities(g)})
	}
	if g.Probes {
		from := w.probers
		if len(from) == 0 {
			from = everywhere
		}
		w.authorize(target, policyRef{Group: policyGroup, Kind: networkAuthenticationKind.Kind, Name: w.networks("probes", from)})
	}
}

// everywhere are all addresses.
var everywhere = []string{"0.0.0.0/0", "::/0"}

func (w *writer) authorize(target, authentication policyRef) {
	p := &authorizationPolicy{Spec: authorizationPolicySpec{TargetRef: target, RequiredAuthenticationRefs: []policyRef{authentication}}}
	p.TypeMeta, p.ObjectMeta = metaOf(authorizationPolicyKind, w.namespace,
		accessName(w.scope, target.Kind, target.Name, authentication.Kind, authentication.Name))
	w.add(p)
}

func (w *writer) networks(readable string, cidrs []string) string {
	name := accessName(w.scope+" "+readable, cidrs...)
	n := &networkAuthentication{}
	n.TypeMeta, n.ObjectMeta = metaOf(networkAuthenticationKind, w.namespace, name)
	for _, cidr := range cidrs {
		n.Spec.Networks = append(n.Spec.Networks, network{CIDR: cidr})
	}
	w.add(n)
	return name
}

func (w *writer) identities(g grant) string {
	spec := meshTLSAuthenticationSpec{}
	if g.Member {
		spec.Identities = []string{"*"}
	} else {
		for _, namespace := range g.Namespaces {
			spec.IdentityRefs = append(spec.IdentityRefs, policyRef{Kind: "Namespace", Name: namespace})
		}
		for _, id := range g.Identities {
			spec.IdentityRefs = append(spec.IdentityRefs, policyRef{Kind: "ServiceAccount", Namespace: id.Namespace, Name: id.ServiceAccount})
		}
	}
	name := accessName(w.scope+" callers", fmt.Sprintf("%+v", spec))
	m := &meshTLSAuthentication{Spec: spec}
	m.TypeMeta, m.ObjectMeta = metaOf(meshTLSAuthenticationKind, w.namespace, name)
	w.add(m)
	return name
}

func targetOf(kind schema.GroupVersionKind, name string) policyRef {
	return policyRef{Group: kind.Group, Kind: kind.Kind, Name: name}
}
