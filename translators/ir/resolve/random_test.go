package resolve

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayv1beta1 "sigs.k8s.io/gateway-api/apis/v1beta1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// random makes objects of a world so small that they meet all the time.
type random struct{ *rand.Rand }

func newRandom(seed uint64) random { return random{rand.New(rand.NewPCG(seed, seed>>1))} }

func pick[T any](r random, from ...T) T { return from[r.IntN(len(from))] }

func (r random) maybe() bool { return r.IntN(3) == 0 }

// some is a list of up to n things.
func some[T any](r random, n int, one func() T) []T {
	var list []T
	for range r.IntN(n + 1) {
		list = append(list, one())
	}
	return list
}

func (r random) namespace() string {
	return pick(r, "a", "a", "a", "a", "a", "a", "a", "a", "a", "b", "b", "b", "shop")
}
func (r random) number() string { return pick(r, "0", "0", "0", "1", "1", "2") }
func (r random) service() v1alpha1.ObjectName {
	return v1alpha1.ObjectName(pick(r, "s0", "s1", "s2", "g0"))
}

func (r random) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name: name, Namespace: r.namespace(), Generation: int64(r.IntN(3)),
		CreationTimestamp: metav1.NewTime(time.Unix(int64(1000+r.IntN(4)), 0).UTC()),
	}
}

func (r random) global(name string) metav1.ObjectMeta {
	m := r.meta(name)
	m.Namespace = ""
	return m
}

// object makes any object that a store holds.
func (r random) object() client.Object {
	makers := []func() client.Object{
		r.mesh, r.namespaceObject, r.namespaceObject, r.kubeService, r.kubeService, r.pod, r.pod, r.deployment,
		r.split, r.split, r.policy, r.policy, r.access, r.access, r.route, r.route,
		r.gateway, r.controller, r.external, r.grant, r.secret,
	}
	return pick(r, makers...)()
}

func (r random) selector() *metav1.LabelSelector {
	if r.IntN(12) == 0 {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "k", Operator: "Bad"}}}
	}
	return &metav1.LabelSelector{MatchLabels: map[string]string{"mesh": pick(r, "0", "shop", "shop")}}
}

func (r random) selection() v1alpha1.NamespaceSelection {
	s := v1alpha1.NamespaceSelection{From: pick(r, v1alpha1.FromAll, v1alpha1.FromAll, v1alpha1.FromNone, v1alpha1.FromSelector)}
	if s.From == v1alpha1.FromSelector {
		s.Selector = r.selector()
	}
	return s
}

func (r random) mesh() client.Object {
	m := &v1alpha1.Mesh{ObjectMeta: r.global(pick(r, "m0", "m1", "shop"))}
	m.Spec.Provider = pick(r, v1alpha1.MeshProviderIstio, v1alpha1.MeshProviderIstio, v1alpha1.MeshProviderLinkerd)
	m.Spec.Mode = pick(r, v1alpha1.ModeAdopted, v1alpha1.ModeManaged)
	if !r.maybe() {
		m.Spec.Members = &v1alpha1.MeshMembers{NamespaceSelector: r.selector()}
	}
	if r.maybe() {
		m.Spec.ControlPlaneNamespace = v1alpha1.Namespace(pick(r, "c", "cp", "cp", "b"))
	}
	if !r.maybe() {
		m.Spec.AllowedGateways = &v1alpha1.AllowedGateways{Namespaces: r.selection()}
	}
	if r.maybe() {
		m.Spec.Access = &v1alpha1.MeshAccess{Default: v1alpha1.DefaultDeny}
	}
	if r.maybe() {
		m.Spec.Egress = &v1alpha1.MeshEgress{Default: v1alpha1.DefaultDeny, AllowedNamespaces: ptr.To(r.selection())}
	}
	if r.maybe() {
		m.Spec.MTLS = &v1alpha1.MeshMTLS{Mode: pick(r, v1alpha1.MTLSStrict, v1alpha1.MTLSStrict, v1alpha1.MTLSPermissive)}
		if r.maybe() {
			m.Spec.MTLS.Force = ptr.To(true)
		}
	}
	return m
}

func (r random) namespaceObject() client.Object {
	n := &corev1.Namespace{ObjectMeta: r.global(r.namespace())}
	n.Labels = map[string]string{"mesh": pick(r, "0", "shop", "shop", "shop", "shop"), "example.com/inject": pick(r, "true", "false")}
	if r.maybe() {
		n.Annotations = map[string]string{
			recordAnnotation: pick(r, "m0", "m1", "shop"), v1alpha1.AnnotationRevision: pick(r, "", "old", "new"),
		}
	}
	return n
}

func (r random) podLabels() map[string]string {
	l := map[string]string{"app": pick(r, "s0", "s1", "s2"), "version": r.number()}
	if r.maybe() {
		l["part"] = "all"
	}
	return l
}

func (r random) kubeService() client.Object {
	s := &corev1.Service{ObjectMeta: r.meta(string(r.service()))}
	s.Spec.Type = pick(r, append(slices.Repeat([]corev1.ServiceType{corev1.ServiceTypeClusterIP}, 9), corev1.ServiceTypeExternalName)...)
	s.Spec.ClusterIP = pick(r, "10.0.0.1", "None")
	s.Spec.Selector = pick(r, nil, map[string]string{"app": s.Name}, map[string]string{"app": s.Name}, map[string]string{"app": "s0"}, map[string]string{"part": "all"},
		map[string]string{"app": "s1", "version": r.number()})
	for i := range 1 + r.IntN(2) {
		p := corev1.ServicePort{Port: int32(80 + i), Name: pick(r, "http", "http-a", "web", "tcp-x", "grpc-y"), Protocol: pick(r, corev1.ProtocolTCP, corev1.ProtocolTCP, corev1.ProtocolTCP, "", corev1.ProtocolUDP)}
		p.TargetPort = pick(r, intstr.FromInt32(0), intstr.FromInt32(8080), intstr.FromString("web"))
		if r.maybe() {
			p.AppProtocol = ptr.To(pick(r, "http", "tcp", "kubernetes.io/h2c"))
		}
		s.Spec.Ports = append(s.Spec.Ports, p)
	}
	if r.maybe() {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "10.1.0." + r.number()}}
	}
	return s
}

func (r random) podSpec() corev1.PodSpec {
	spec := corev1.PodSpec{ServiceAccountName: pick(r, "", "x", "y"), HostNetwork: r.IntN(9) == 0}
	c := corev1.Container{Name: "main", Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: int32(8080 + r.IntN(2))}}}
	if r.maybe() {
		c.ReadinessProbe = &corev1.Probe{}
		c.ReadinessProbe.HTTPGet = &corev1.HTTPGetAction{Path: pick(r, "/ready", "/api/ready"), Port: intstr.FromString("web")}
	}
	spec.Containers = []corev1.Container{c}
	if !r.maybe() {
		spec.InitContainers = []corev1.Container{{Name: "proxy"}}
	}
	return spec
}

func (r random) pod() client.Object {
	p := &corev1.Pod{ObjectMeta: r.meta("p" + r.number()), Spec: r.podSpec()}
	p.Labels = r.podLabels()
	p.Labels["pod-template-hash"] = "h" + r.number()
	if r.maybe() {
		p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "d" + r.number() + "-" + p.Labels["pod-template-hash"], Controller: ptr.To(true)}}
	}
	p.Status.Phase = pick(r, corev1.PodRunning, corev1.PodRunning, corev1.PodSucceeded)
	return p
}

func (r random) deployment() client.Object {
	d := &appsv1.Deployment{ObjectMeta: r.meta("d" + r.number())}
	d.Spec.Template.Labels = r.podLabels()
	d.Spec.Template.Spec = r.podSpec()
	return d
}

func (r random) secret() client.Object {
	s := &corev1.Secret{ObjectMeta: r.meta("cert"), Type: pick(r, corev1.SecretTypeTLS, corev1.SecretTypeOpaque)}
	if r.maybe() {
		s.Data = map[string][]byte{corev1.TLSCertKey: []byte("none")}
	}
	return s
}

func (r random) grant() client.Object {
	spec := gatewayv1.ReferenceGrantSpec{
		From: []gatewayv1.ReferenceGrantFrom{{Group: gatewayv1.GroupName, Kind: pick[gatewayv1.Kind](r, "HTTPRoute", "Gateway"), Namespace: gatewayv1.Namespace(r.namespace())}},
		To:   []gatewayv1.ReferenceGrantTo{{Kind: pick[gatewayv1.Kind](r, "Service", "Secret")}},
	}
	if r.maybe() {
		return &gatewayv1beta1.ReferenceGrant{ObjectMeta: r.meta("grant"), Spec: spec}
	}
	return &gatewayv1.ReferenceGrant{ObjectMeta: r.meta("grant"), Spec: spec}
}

func (r random) name(prefix string) string { return fmt.Sprint(prefix, r.IntN(4)) }
