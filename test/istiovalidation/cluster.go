package istiovalidation

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/util/cert"
)

// Cluster is the state of a cluster: its objects, each under its kind,
// namespace and name.
type Cluster struct {
	objects []*unstructured.Unstructured
	index   map[string]*unstructured.Unstructured
}

// NewCluster returns a cluster that holds nothing.
func NewCluster() *Cluster {
	return &Cluster{index: map[string]*unstructured.Unstructured{}}
}

// Apply adds objects. One that is there already gets the new fields, as by
// server-side apply: that is how labels get onto the Namespaces of users.
func (c *Cluster) Apply(objects ...*unstructured.Unstructured) {
	for _, o := range objects {
		if old, ok := c.index[key(o)]; ok {
			merge(old.Object, o.Object)
			continue
		}
		o = o.DeepCopy()
		c.index[key(o)] = o
		c.objects = append(c.objects, o)
	}
}

// Add adds objects; one that is there already stays as it is.
func (c *Cluster) Add(objects ...*unstructured.Unstructured) {
	for _, o := range objects {
		if c.index[key(o)] == nil {
			c.Apply(o)
		}
	}
}

func key(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", o.GroupVersionKind().GroupKind(), o.GetNamespace(), o.GetName())
}

func merge(into, from map[string]any) {
	for key, value := range from {
		inner, isMap := value.(map[string]any)
		if old, ok := into[key].(map[string]any); ok && isMap {
			merge(old, inner)
			continue
		}
		into[key] = runtime.DeepCopyJSONValue(value)
	}
}

// workloads are the kinds that make pods.
var workloads = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true}

// Settle makes what an API server, controllers and the injector would have
// made by now: defaults of Services, certificates in Secrets, namespaces that
// objects are in, and a running pod for each workload, with a proxy in it
// where its namespace is a member. Analyzers ask about pods, of which
// manifests have none.
func (c *Cluster) Settle() error {
	var more []any
	for _, o := range slices.Clone(c.objects) {
		if ns := o.GetNamespace(); ns != "" {
			more = append(more, outside(ns))
		}
		var err error
		switch kind := o.GetKind(); {
		case workloads[kind]:
			var pod *corev1.Pod
			if pod, err = c.pod(o); err == nil {
				more = append(more, pod)
			}
		case kind == "Service":
			err = change(o, defaultPorts)
		case kind == "Secret":
			err = change(o, fillCertificate)
		}
		if err != nil {
			return fmt.Errorf("settle %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	made, err := plain(more...)
	c.Add(made...)
	return err
}

// outside is a namespace that is no member of the mesh, and says so.
func outside(name string) *corev1.Namespace {
	return namespace(name, map[string]string{"istio-injection": "disabled"})
}

// change reads an object as its type, changes it, and writes it back.
func change[T any](o *unstructured.Unstructured, by func(*T)) error {
	typed := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, typed); err != nil {
		return err
	}
	by(typed)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err == nil {
		o.Object = fields
	}
	return err
}

func defaultPorts(s *corev1.Service) {
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		p.Protocol = cmp.Or(p.Protocol, corev1.ProtocolTCP)
		p.TargetPort = cmp.Or(p.TargetPort, intstr.FromInt32(p.Port))
	}
}

// fillCertificate puts a real certificate in the place of a made-up one.
func fillCertificate(s *corev1.Secret) {
	if s.Type == corev1.SecretTypeTLS {
		certificate, key := pair()
		s.Data = map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key}
	}
}

// pair is a certificate of nobody and its key.
var pair = sync.OnceValues(func() (certificate, key []byte) {
	certificate, key, err := cert.GenerateSelfSignedCertKey("example.com", nil, nil)
	if err != nil {
		// Without one the analyzers complain about Gateways, which says it.
		return nil, nil
	}
	return certificate, key
})

func (c *Cluster) pod(workload *unstructured.Unstructured) (*corev1.Pod, error) {
	fields, _, err := unstructured.NestedMap(workload.Object, "spec", "template")
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields, pod); err != nil {
		return nil, err
	}
	pod.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}
	pod.Namespace, pod.Name = workload.GetNamespace(), workload.GetName()+"-0"
	pod.Status.Phase = corev1.PodRunning
	c.inject(pod)
	return pod, nil
}

// inject puts the proxy into the pod of a member namespace, and for the image
// of a gateway whose pod asks for it; in ambient mode it notes that the pod is
// captured.
func (c *Cluster) inject(pod *corev1.Pod) {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Image == "auto" {
			pod.Spec.Containers[i].Image = proxyImage
			return
		}
	}
	ns, ok := c.index["Namespace /"+pod.Namespace]
	if ok && ns.GetLabels()["istio.io/dataplane-mode"] == "ambient" {
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, "ambient.istio.io/redirection", "enabled")
		return
	}
	if !ok || ns.GetLabels()["istio-injection"] != "enabled" && ns.GetLabels()["istio.io/rev"] == "" {
		return
	}
	pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "istio-proxy", Image: proxyImage})
}

const proxyImage = "docker.io/istio/proxyv2:1.31.0"
