package main

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// The shop is what is measured: one mesh and one gateway, and any number of
// services, each with two versions. Object n is the same in every run.
const (
	meshName    = "shop"
	edge        = "edge"
	gateway     = "public"
	perSpace    = 100
	servicePort = 8080
)

var versions = []string{"v1", "v2"}

// spaceOf names the namespace of a service: a hundred share one.
func spaceOf(n int) string { return fmt.Sprintf("shop-%03d", n/perSpace) }

// nameOf names a service and everything about it.
func nameOf(n int) string { return fmt.Sprintf("service-%05d", n) }

func metaOf(n int) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: spaceOf(n), Name: nameOf(n)}
}

// platform returns what there is once: the mesh, the ingress, and its gateway
// with what serves it.
func platform() []client.Object {
	all := v1alpha1.FromRouteNamespaces("All")
	labels := map[string]string{"app": gateway, "istio": gateway}
	return []client.Object{
		namespace(edge, nil),
		&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: edge, Name: gateway, Labels: labels},
			Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Name: "http2", Port: 80}}},
		},
		&corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: edge, Name: gateway, Labels: labels},
			Spec: corev1.PodSpec{
				ServiceAccountName: gateway, Containers: []corev1.Container{{Name: "istio-proxy", Image: "proxy"}},
			},
		},
		&v1alpha1.Mesh{
			ObjectMeta: metav1.ObjectMeta{Name: meshName},
			Spec: v1alpha1.MeshSpec{
				Provider: "Istio", Mode: v1alpha1.ModeAdopted, ControlPlaneNamespace: "istio-system",
				Members:         &v1alpha1.MeshMembers{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"mesh": meshName}}},
				AllowedGateways: &v1alpha1.AllowedGateways{Namespaces: v1alpha1.NamespaceSelection{From: "All"}},
			},
		},
		&v1alpha1.IngressController{
			ObjectMeta: metav1.ObjectMeta{Name: "ingress"},
			Spec: v1alpha1.IngressControllerSpec{
				Provider: "Istio", Mode: v1alpha1.ModeAdopted, AllowedNamespaces: &v1alpha1.NamespaceSelection{From: "All"},
			},
		},
		&v1alpha1.IngressGateway{
			ObjectMeta: metav1.ObjectMeta{Namespace: edge, Name: gateway},
			Spec: v1alpha1.IngressGatewaySpec{
				ControllerRef: v1alpha1.ClusterObjectReference{Name: "ingress"}, MeshRef: &v1alpha1.ClusterObjectReference{Name: meshName},
				Listeners: []v1alpha1.Listener{{
					Name: "web", Port: 80, Protocol: "HTTP",
					AllowedRoutes: &v1alpha1.AllowedRoutes{Namespaces: v1alpha1.RouteNamespaces{From: all}},
				}},
			},
		},
	}
}

func namespace(name string, labels map[string]string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

// member is the namespace of a service, as a member of the mesh.
func member(n int) client.Object { return namespace(spaceOf(n), map[string]string{"mesh": meshName}) }

func service(n int) client.Object {
	return &corev1.Service{
		ObjectMeta: metaOf(n),
		Spec: corev1.ServiceSpec{
			// An address for each would need a larger range than test servers have.
			ClusterIP: corev1.ClusterIPNone, Selector: map[string]string{"app": nameOf(n)},
			Ports: []corev1.ServicePort{{Name: "http", Port: servicePort}},
		},
	}
}

func podOf(n int, version string) (map[string]string, corev1.PodSpec) {
	return map[string]string{"app": nameOf(n), "version": version}, corev1.PodSpec{
		ServiceAccountName: "default",
		Containers: []corev1.Container{
			{Name: "app", Image: "app", Ports: []corev1.ContainerPort{{ContainerPort: servicePort}}},
			{Name: "istio-proxy", Image: "proxy"},
		},
	}
}

// pods are those of a service in a cluster, one for each version.
func pods(n int) []client.Object {
	var out []client.Object
	for _, version := range versions {
		labels, spec := podOf(n, version)
		meta := metaOf(n)
		meta.Name, meta.Labels = meta.Name+"-"+version, labels
		out = append(out, &corev1.Pod{ObjectMeta: meta, Spec: spec})
	}
	return out
}

// deployments are those of a service in files, one for each version.
func deployments(n int) []client.Object {
	var out []client.Object
	for _, version := range versions {
		labels, spec := podOf(n, version)
		meta := metaOf(n)
		meta.Name += "-" + version
		out = append(out, &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		}})
	}
	return out
}

// split divides a service's requests; first is the share of its first version
// in percent.
func split(n int, first int32) *v1alpha1.TrafficSplit {
	rest := 100 - first
	return &v1alpha1.TrafficSplit{
		ObjectMeta: metaOf(n),
		Spec: v1alpha1.TrafficSplitSpec{
			Service: v1alpha1.SplitService{Name: v1alpha1.ObjectName(nameOf(n))},
			BackendRefs: []v1alpha1.SplitBackendRef{
				{Subset: &v1alpha1.Subset{Labels: map[string]string{"version": versions[0]}}, Weight: &first},
				{Subset: &v1alpha1.Subset{Labels: map[string]string{"version": versions[1]}}, Weight: &rest},
			},
		},
	}
}

func policy(n int) client.Object {
	attempts := int32(2)
	return &v1alpha1.TrafficPolicy{
		ObjectMeta: metaOf(n),
		Spec: v1alpha1.TrafficPolicySpec{
			TargetRefs: []v1alpha1.PolicyTargetReference{{Kind: v1alpha1.PolicyTargetService, Name: v1alpha1.ObjectName(nameOf(n))}},
			Timeouts:   &v1alpha1.HTTPRouteTimeouts{Request: "10s"},
			Retry:      &v1alpha1.Retry{Attempts: &attempts, Codes: []v1alpha1.HTTPRouteRetryStatusCode{503}},
		},
	}
}

func access(n int) client.Object {
	return &v1alpha1.AccessPolicy{
		ObjectMeta: metaOf(n),
		Spec: v1alpha1.AccessPolicySpec{
			TargetRefs: []v1alpha1.AccessTargetReference{{Kind: "Service", Name: v1alpha1.ObjectName(nameOf(n))}},
			Action:     "Allow",
			Rules:      []v1alpha1.AccessRule{{From: []v1alpha1.AccessSource{{Namespace: &v1alpha1.SourceNamespace{Name: v1alpha1.Namespace(spaceOf(n))}}}}},
		},
	}
}

// route lets a host of its own in to a service.
func route(n int) client.Object {
	return &v1alpha1.GatewayRoute{
		ObjectMeta: metaOf(n),
		Spec: v1alpha1.GatewayRouteSpec{
			ParentRefs: []v1alpha1.ParentReference{{Namespace: edge, Name: gateway}},
			Hostnames:  []v1alpha1.Hostname{v1alpha1.Hostname(nameOf(n) + ".shop.example")},
			Rules: []v1alpha1.GatewayRouteRule{{BackendRefs: []v1alpha1.BackendRef{{
				BackendObjectReference: v1alpha1.BackendObjectReference{Name: v1alpha1.ObjectName(nameOf(n)), Port: servicePort},
			}}}},
		},
	}
}

// inFiles are all objects about a service, as they stand in a repository.
func inFiles(n int) []client.Object {
	out := []client.Object{service(n), split(n, 75), policy(n), access(n), route(n)}
	if n%perSpace == 0 {
		out = append(out, member(n))
	}
	return append(out, deployments(n)...)
}
