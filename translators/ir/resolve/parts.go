package resolve

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// part is one topic of an object's content, with what it is compared by.
type part struct {
	what  what
	value any
}

// parts fires the topics of the object's content that differ.
func (c *change) parts(ref ir.Ref, old, obj client.Object) {
	before, after := c.store.partsOf(old), c.store.partsOf(obj)
	changed := false
	for i := range max(len(before), len(after)) {
		switch {
		case i >= len(before):
			c.fire(topic{after[i].what, ref})
		case i >= len(after):
			c.fire(topic{before[i].what, ref})
		case !reflect.DeepEqual(before[i].value, after[i].value):
			c.fire(topic{after[i].what, ref})
		default:
			continue
		}
		changed = true
	}
	if changed && obj != nil && unifiedKind(obj) != "" {
		c.store.stale[ref] = struct{}{}
	}
}

// head is what matters of an object's metadata.
type head struct {
	generation int64
	created    metav1.Time
	spec       any
}

// partsOf splits what resolving reads of an object. Kinds whose content is read
// in another form only, as pods are, have none.
func (s *Store) partsOf(obj client.Object) []part {
	if obj == nil {
		return nil
	}
	whole := func(spec any) []part {
		return []part{{ofObject, head{obj.GetGeneration(), obj.GetCreationTimestamp(), spec}}}
	}
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		created := o.CreationTimestamp
		return append(whole(&o.Spec),
			part{ofIdentity, withoutSource(s.options.mesh(o))},
			part{ofSelector, []any{created, o.Spec.Members, o.Spec.Mode, o.Spec.Provider, o.Spec.ControlPlaneNamespace}},
			part{ofDefaults, []any{o.Spec.Access, o.Spec.MTLS, o.Spec.Mode}})
	case *v1alpha1.IngressController:
		return whole(&o.Spec)
	case *v1alpha1.IngressGateway:
		return whole(&o.Spec)
	case *v1alpha1.TrafficSplit:
		return whole(&o.Spec)
	case *v1alpha1.GatewayRoute:
		return whole(&o.Spec)
	case *v1alpha1.TrafficPolicy:
		return whole(&o.Spec)
	case *v1alpha1.AccessPolicy:
		return whole(&o.Spec)
	case *v1alpha1.ExternalService:
		return whole(&o.Spec)
	}
	return s.foreignParts(obj)
}

func (s *Store) foreignParts(obj client.Object) []part {
	switch o := obj.(type) {
	case *corev1.Service:
		return []part{
			{ofObject, []any{
				o.Spec.Type, o.Spec.Ports, o.Spec.Selector, o.Spec.ClusterIP == corev1.ClusterIPNone,
				s.options.Picked(o.Annotations),
			}},
			{ofAddresses, addressesOf(o)},
		}
	case *corev1.Namespace:
		return []part{
			{ofObject, []any{o.Labels, o.Annotations[recordAnnotation], s.options.Picked(o.Annotations)}},
			{ofRevision, o.Annotations[v1alpha1.AnnotationRevision]},
		}
	case *corev1.Secret:
		return []part{{ofObject, []any{o.Type, o.Data[corev1.TLSCertKey]}}}
	case *gatewayv1.ReferenceGrant:
		return []part{{ofObject, o.Spec}}
	case *gatewayv1beta1.ReferenceGrant:
		return []part{{ofObject, o.Spec}}
	}
	return nil
}

// entries returns the places in indexes that an object's content gives it.
func (s *Store) entries(ref ir.Ref, obj client.Object) []entry {
	var topics []topic
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		topics = []topic{{what: allMeshes}}
		if ns := s.options.controlPlaneNamespace(o); ns != "" {
			topics = append(topics, topic{reservedBy, namespaceRef(ns)})
		}
	case *v1alpha1.IngressController:
		if ns, _ := s.options.controllerPlace(o); ns != "" {
			topics = []topic{{reservedBy, namespaceRef(ns)}}
		}
	case *v1alpha1.TrafficSplit:
		topics = splitTopics(o)
	case *v1alpha1.TrafficPolicy:
		for _, t := range o.Spec.TargetRefs {
			topics = append(topics, topic{policiesOf, ir.Ref{Kind: string(t.Kind), Namespace: o.Namespace, Name: string(t.Name)}})
		}
	case *v1alpha1.AccessPolicy:
		topics = accessTopics(o)
	case *v1alpha1.GatewayRoute:
		topics = routeTopics(o)
	case *v1alpha1.ExternalService:
		for _, host := range externalHosts(o) {
			topics = append(topics, topic{hostsOf, ir.Ref{Name: host}})
		}
	case *gatewayv1.ReferenceGrant, *gatewayv1beta1.ReferenceGrant:
		topics = []topic{{grantsIn, namespaceRef(ref.Namespace)}}
	}
	entries := make([]entry, len(topics))
	for i, t := range topics {
		entries[i] = entry{t, ref}
	}
	return append(entries, neededEntries(ref, obj, s.needed)...)
}

func accessTopics(policy *v1alpha1.AccessPolicy) []topic {
	if len(policy.Spec.TargetRefs) == 0 {
		return []topic{{accessOf, namespaceRef(policy.Namespace)}}
	}
	var topics []topic
	for _, t := range policy.Spec.TargetRefs {
		topics = append(topics, topic{accessOf, serviceRef(policy.Namespace, string(t.Name))})
	}
	return topics
}

func routeTopics(route *v1alpha1.GatewayRoute) []topic {
	var topics []topic
	for _, rule := range route.Spec.Rules {
		for _, b := range rule.BackendRefs {
			topics = append(topics, topic{routesTo, backendService(route, b.BackendObjectReference)})
		}
		for _, f := range rule.Filters {
			if f.RequestMirror != nil {
				topics = append(topics, topic{routesTo, backendService(route, f.RequestMirror.BackendRef)})
			}
		}
	}
	return topics
}

func parentGateway(route *v1alpha1.GatewayRoute, p v1alpha1.ParentReference) ir.Ref {
	return ir.Ref{Kind: v1alpha1.KindIngressGateway, Namespace: orElse(string(p.Namespace), route.Namespace), Name: string(p.Name)}
}

func backendService(route *v1alpha1.GatewayRoute, b v1alpha1.BackendObjectReference) ir.Ref {
	return serviceRef(orElse(string(b.Namespace), route.Namespace), string(b.Name))
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
