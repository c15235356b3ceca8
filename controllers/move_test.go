package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/rig"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var services = corev1.SchemeGroupVersion.WithKind("Service")

// plain is a mesh of another make than Istio, under the name of one that may be
// asked for: it says a split by a Service of Kubernetes' own, knows its pods by
// a container and its members by an annotation.
func plain(name string) translators.Provider {
	mark := func(u *ir.NamespaceUnit) translators.Result {
		if u.MarksAlone {
			return translators.Result{}
		}
		return translators.Result{Contributions: []translators.Contribution{{
			Object: translators.ObjectRef{GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Namespace"), Name: u.Name},
			Path:   []string{"metadata", "annotations", "example.com/inject"}, Value: "enabled", Source: u.Mesh.Source,
		}}}
	}
	split := func(u *ir.ServiceUnit) translators.Result {
		svc := &corev1.Service{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"}}
		svc.Namespace, svc.Name = u.Service.Namespace, u.Service.Name+"-parts"
		svc.Spec.Selector = u.Service.Selector
		svc.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: u.Service.Ports[0].Number, Protocol: corev1.ProtocolTCP}}
		return translators.Result{Objects: []translators.Object{{Object: svc, Sources: []ir.Source{u.Ports[0].Routes[0].Source}}}}
	}
	supports := map[ir.Feature]translators.Support{}
	for _, info := range ir.Features() {
		supports[info.Feature] = translators.Support{Level: translators.Native}
	}
	return translators.Provider{
		Name: name, Variants: []translators.Variant{{Name: "plain", Mesh: true}}, Kinds: []schema.GroupVersionKind{services},
		Supports: func(translators.Env) map[ir.Feature]translators.Support { return supports },
		Proxied:  func(w ir.Workload) bool { return slices.Contains(w.Containers, "plain-proxy") },
		Usual:    translators.Location{ControlPlaneNamespace: "plain-system"},
		Mesh: &translators.MeshTranslator{
			Service:   func(_ translators.Env, u *ir.ServiceUnit) translators.Result { return split(u) },
			Namespace: func(_ translators.Env, u *ir.NamespaceUnit) translators.Result { return mark(u) },
			Mesh:      func(translators.Env, *ir.MeshUnit) translators.Result { return translators.Result{} },
		},
	}
}

// withPlain has the plain mesh stand in for Linkerd.
func withPlain(providers []translators.Provider) []translators.Provider {
	providers = slices.DeleteFunc(slices.Clone(providers), func(p translators.Provider) bool { return p.Name == "Linkerd" })
	return append(providers, plain("Linkerd"))
}

// second is the Mesh NS-b of the plain make.
const second = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS-b}
spec:
  provider: Linkerd
  mode: Adopted
  controlPlaneNamespace: NS-system
  members: {namespaceSelector: {matchLabels: {mesh: NS-b}}}
`

// restarted is a pod of a version with the proxy of the plain make.
const restarted = `
apiVersion: v1
kind: Pod
metadata: {name: reviews-%[1]s-next, namespace: NS, labels: {app: reviews, version: %[1]s}}
spec: {containers: [{name: main, image: a}, {name: plain-proxy, image: b}]}
`

// there says whether an object is there.
func there(r *rig.Rig, kind schema.GroupVersionKind, name string) bool {
	_, err := r.Get(kind, name)
	return !apierrors.IsNotFound(err)
}

// watching looks all the time whether one mesh's objects are whole, until it is
// ended; it returns what it saw that is not.
func watching(r *rig.Rig) (end func() []string) {
	stop, gaps := make(chan struct{}), []string{}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			// The new one is looked at last: what goes meanwhile is not missed.
			old := there(r, rig.VirtualServices, rig.Native) && there(r, rig.DestinationRules, rig.Native)
			if !old && !there(r, services, "reviews-parts") {
				gaps = append(gaps, time.Now().Format(time.StampMilli))
			}
		}
	})
	return func() []string {
		close(stop)
		group.Wait()
		return gaps
	}
}

// targets are the meshes that a split has an entry for in its status.
func targets(r *rig.Rig) string {
	list, _, _ := unstructured.NestedSlice(r.MustGet(v1alpha1.GroupVersion.WithKind(v1alpha1.KindTrafficSplit), "reviews").Object, "status", "targets")
	var names []string
	for _, one := range list {
		if entry, ok := one.(map[string]any); ok {
			name, _, _ := unstructured.NestedString(entry, "on", "name")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func eventually(r *rig.Rig, what, want string, got func() string) {
	r.Eventually(what, func() string {
		if is := got(); is != want {
			return fmt.Sprintf("%q, want %q", is, want)
		}
		return ""
	})
}

// TestNamespaceMovesBetweenMeshes moves a namespace with running pods to a mesh
// of another make: the old one's objects go with its last pod and not before, and
// the new one's are there by then.
func TestNamespaceMovesBetweenMeshes(t *testing.T) {
	r := rig.New(t)
	r.Providers = withPlain(r.Providers)
	r.Apply(rig.Shop + "---" + rig.Split + "---" + second)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	namespace := func() *corev1.Namespace {
		ns := &corev1.Namespace{}
		if err := r.Client.Get(t.Context(), types.NamespacedName{Name: r.Namespace}, ns); err != nil {
			t.Fatal(err)
		}
		return ns
	}
	record := func() string { return namespace().Annotations[v1alpha1.LabelMesh] }
	eventually(r, "the record", r.Namespace, record)

	end := watching(r)
	r.Apply(fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS, labels: {mesh: %s-b}}", r.Namespace))
	r.Exists(services, "reviews-parts", true)
	eventually(r, "the mark of the new mesh", "enabled", func() string { return namespace().Annotations["example.com/inject"] })
	eventually(r, "the mark of the old mesh", "", func() string { return namespace().Labels["istio-injection"] })
	eventually(r, "targets of both", r.Namespace+" "+r.Namespace+"-b", func() string { return targets(r) })
	r.Quiet(op)
	if !there(r, rig.VirtualServices, rig.Native) || !there(r, rig.DestinationRules, rig.Native) {
		t.Error("the old mesh's objects went before its pods")
	}

	for _, version := range []string{"v1", "v2", "v3"} {
		if !there(r, rig.VirtualServices, rig.Native) {
			t.Errorf("the old mesh's objects went before pod %s", version)
		}
		r.Apply(fmt.Sprintf(restarted, version))
		r.Delete(corev1.SchemeGroupVersion.WithKind("Pod"), "reviews-"+version)
	}
	r.Exists(rig.VirtualServices, rig.Native, false)
	r.Exists(rig.DestinationRules, rig.Native, false)
	eventually(r, "the target that is left", r.Namespace+"-b", func() string { return targets(r) })
	eventually(r, "the record of the new mesh", r.Namespace+"-b", record)
	r.Quiet(op)
	if gaps := end(); len(gaps) > 0 {
		t.Errorf("neither mesh's objects were whole at %v", gaps)
	}

	// A Service that a unit made is repaired, and no input.
	r.Patch(services, "reviews-parts", `[{"op":"replace","path":"/spec/selector/app","value":"elsewhere"}]`)
	eventually(r, "the generated Service's selector", "reviews", func() string {
		app, _, _ := unstructured.NestedString(r.MustGet(services, "reviews-parts").Object, "spec", "selector", "app")
		return app
	})
	r.Patch(services, "reviews-parts", `[{"op":"replace","path":"/spec/ports/0/port","value":81}]`)
	eventually(r, "the generated Service's ports", "9080", func() string {
		ports, _, _ := unstructured.NestedSlice(r.MustGet(services, "reviews-parts").Object, "spec", "ports")
		var numbers []string
		for _, port := range ports {
			number, _, _ := unstructured.NestedInt64(port.(map[string]any), "port") //nolint:forcetypeassert // The API server says so.
			numbers = append(numbers, fmt.Sprint(number))
		}
		return strings.Join(numbers, " ")
	})
	r.Delete(services, "reviews-parts")
	r.Exists(services, "reviews-parts", true)
}

// TestTwoMeshesSideBySide shows that each of two meshes of one cluster has what
// its own members ask for, and nothing of the other's.
func TestTwoMeshesSideBySide(t *testing.T) {
	r := rig.New(t)
	r.Providers = withPlain(r.Providers)
	r.Apply(rig.Shop + "---" + rig.Split + "---" + second)
	other := strings.NewReplacer("NS", r.Namespace+"-b").Replace(rig.Shop)
	for document := range strings.SplitSeq(other, "\n---") {
		if !strings.Contains(document, "kind: Mesh") {
			r.Apply(document)
		}
	}
	r.Apply(strings.ReplaceAll(rig.Split, "namespace: NS", "namespace: NS-b"))
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	theirs := &unstructured.Unstructured{}
	theirs.SetGroupVersionKind(services)
	r.Eventually("the other mesh's object", func() string {
		if err := r.Client.Get(t.Context(), types.NamespacedName{Namespace: r.Namespace + "-b", Name: "reviews-parts"}, theirs); err != nil {
			return err.Error()
		}
		return ""
	})
	r.Quiet(op)
	if there(r, services, "reviews-parts") {
		t.Error("the first mesh's member has an object of the second")
	}
	b := *r
	b.Namespace += "-b"
	if left := append(b.List(rig.VirtualServices), b.List(rig.DestinationRules)...); len(left) > 0 {
		t.Errorf("the second mesh's member has objects of the first: %v", left)
	}
	if got := targets(&b); got != b.Namespace {
		t.Errorf("the split of the second mesh is in force on %q", got)
	}
}
