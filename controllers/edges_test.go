package controllers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/controllers/mesh"
)

var trafficSplits = v1alpha1.GroupVersion.WithKind("TrafficSplit")

// rateLimit cannot be expressed in the mesh of these tests.
const rateLimit = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: limits, namespace: NS}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  timeouts: {request: 3s}
  rateLimit: {local: {requests: 100, per: Second}}
`

const timeout = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: limits, namespace: NS}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  timeouts: {request: 3s}
`

func TestAnEditThatCannotBeExpressedFreezes(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split + "---" + timeout)
	op := r.operate()
	r.condition("TrafficPolicy", "limits", "Ready", "True", "Ready")
	r.quiet(op.writes)
	before := r.mustGet(virtualServices, native)

	r.apply(rateLimit)
	r.apply(strings.NewReplacer("75", "50", "25", "50").Replace(split))
	r.condition("TrafficPolicy", "limits", "Accepted", "False", "Unsupported")
	r.condition("TrafficPolicy", "limits", "Programmed", "False", "Frozen")
	r.condition("TrafficSplit", "reviews", "Programmed", "False", "Frozen")
	op.stop()
	restarted := r.operate()
	r.quiet(restarted.writes)
	if after := r.mustGet(virtualServices, native); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("a frozen object was written")
	}
	if writes := restarted.writes.to(""); len(writes) > 0 {
		t.Errorf("a restart while frozen wrote %q", writes)
	}

	r.apply(timeout)
	r.condition("TrafficSplit", "reviews", "Programmed", "True", "Programmed")
	if r.mustGet(virtualServices, native).GetResourceVersion() == before.GetResourceVersion() {
		t.Error("what waited while frozen was not written")
	}
}

func TestAFirstCreationThatCannotBeExpressedFreezesNothing(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	r.operate()
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	r.apply(rateLimit)
	r.condition("TrafficPolicy", "limits", "Accepted", "False", "Unsupported")
	r.apply(strings.NewReplacer("75", "50", "25", "50").Replace(split))
	r.condition("TrafficSplit", "reviews", "Programmed", "True", "Programmed")
}

func TestAMissingKindIsWaitedFor(t *testing.T) {
	r := newRig(t)
	crd := &apiextensionsv1.CustomResourceDefinition{}
	scheme, err := controllers.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := client.New(r.config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	if err := admin.Get(t.Context(), types.NamespacedName{Name: "destinationrules.networking.istio.io"}, crd); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(t.Context(), crd); err != nil {
		t.Fatal(err)
	}
	r.eventually("the CRD is gone", func() string {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(crd), &apiextensionsv1.CustomResourceDefinition{}); client.IgnoreNotFound(err) != nil || err == nil {
			return "still there"
		}
		return ""
	})
	r.apply(shop + "---" + split)
	r.operate()
	r.condition("TrafficSplit", "reviews", "Programmed", "False", "MissingCRD")

	again := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: crd.Name}, Spec: crd.Spec}
	if err := admin.Create(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	r.condition("TrafficSplit", "reviews", "Programmed", "True", "Programmed")
	r.exists(destinationRules, native, true)
}

func TestNothingIsCreatedInATerminatingNamespace(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	// No namespace controller runs here, so the namespace stays as it is.
	r.deleteNamespace()
	op := r.operate()
	r.condition("TrafficSplit", "reviews", "Programmed", "False", "Deleting")
	r.quiet(op.writes)
	if writes := op.writes.to("/namespaces/" + r.namespace + "/virtualservices"); len(writes) > 0 {
		t.Errorf("wrote %q in a terminating namespace", writes)
	}
	if writes := op.writes.to("/namespaces/" + r.namespace + "/destinationrules"); len(writes) > 0 {
		t.Errorf("wrote %q in a terminating namespace", writes)
	}
}

func TestObjectsWithoutAUnitAreSweptAtStart(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	op := r.operate()
	r.condition("TrafficSplit", "reviews", "Ready", "True", "Ready")
	op.stop()
	r.delete(trafficSplits, "reviews")
	r.operate()
	r.exists(virtualServices, native, false)
	r.exists(destinationRules, native, false)
}

func TestMembershipIsWrittenAndReleased(t *testing.T) {
	r := newRig(t)
	r.apply(shop)
	op := r.operate()
	label := func(want bool) func() string {
		return func() string {
			ns := r.namespaceObject()
			if _, has := ns.GetLabels()["istio-injection"]; has != want {
				return fmt.Sprintf("labels %v", ns.GetLabels())
			}
			return ""
		}
	}
	r.eventually("the injector's label is written", label(true))
	r.quiet(op.writes)
	if ns := r.namespaceObject(); ns.GetLabels()["mesh"] != r.namespace {
		t.Errorf("the user's label is gone: %v", ns.GetLabels())
	}
	op.stop()
	second := r.operate()
	r.quiet(second.writes)
	if writes := second.writes.to(""); len(writes) > 0 {
		t.Errorf("a restart wrote %q", writes)
	}
	for _, pod := range []string{"reviews-v1", "reviews-v2", "reviews-v3"} {
		r.deleteNow("Pod", pod)
	}
	r.apply(strings.SplitN(strings.Replace(shop, "labels: {mesh: NS}", "labels: {mesh: none}", 1), "---", 2)[0])
	r.eventually("the injector's label is released", label(false))
}

func TestSomebodyElsesLabelIsAConflict(t *testing.T) {
	r := newRig(t)
	r.apply(strings.Replace(shop, "labels: {mesh: NS}", "labels: {mesh: NS, istio-injection: disabled}", 1))
	r.controlPlane()
	r.operate()
	r.condition("Mesh", r.namespace, "Ready", "False", "Conflicted")
	if got := r.namespaceObject().GetLabels()["istio-injection"]; got != "disabled" {
		t.Errorf("the user's label was changed to %q", got)
	}
}

func TestAMassRemovalNeedsConfirmation(t *testing.T) {
	r := newRig(t)
	r.apply(shop)
	r.controlPlane()
	const services = 8
	for i := range services {
		name := fmt.Sprintf("s%d", i)
		r.apply(strings.ReplaceAll(`
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: NS}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
`, "NAME", name))
		r.apply(strings.NewReplacer("name: reviews,", "name: "+name+",", "{name: reviews}", "{name: "+name+"}").Replace(split))
	}
	op := r.operate()
	all := func() int { return len(r.list(virtualServices)) }
	r.eventually("all are written", func() string { return differs(all(), services) })
	r.quiet(op.writes)
	op.stop()
	for i := range services {
		r.delete(trafficSplits, fmt.Sprintf("s%d", i))
	}
	op = r.operate()
	r.condition("Mesh", r.namespace, "Ready", "False", "ConfirmationRequired")
	r.quiet(op.writes)
	if n := all(); n != services {
		t.Errorf("%d of %d VirtualServices are left before anybody agreed", n, services)
	}
	r.annotate("Mesh", r.namespace, mesh.AnnotationConfirmPrune, fmt.Sprint(2*services))
	r.eventually("all are removed", func() string { return differs(all(), 0) })
	r.eventually("the Mesh no longer asks", func() string {
		for _, c := range conditionsOf(r.cluster("Mesh", r.namespace)) {
			if c.Reason == "ConfirmationRequired" {
				return c.Message
			}
		}
		return ""
	})
}

func differs(got, want int) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf("%d, want %d", got, want)
}

func (r *rig) namespaceObject() *unstructured.Unstructured {
	r.t.Helper()
	return r.cluster("Namespace", r.namespace)
}

// cluster returns a cluster-scoped object.
func (r *rig) cluster(kind, name string) *unstructured.Unstructured {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	if slices.Contains([]string{"Mesh", "IngressController"}, kind) {
		obj.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	}
	if err := r.client.Get(r.t.Context(), types.NamespacedName{Name: name}, obj); err != nil {
		r.t.Fatal(err)
	}
	return obj
}

func (r *rig) annotate(kind, name, key, value string) {
	r.t.Helper()
	obj := r.cluster(kind, name)
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, key, value)
	if err := r.client.Patch(r.t.Context(), obj, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) deleteNow(kind, name string) {
	r.t.Helper()
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: kind})
	obj.SetNamespace(r.namespace)
	obj.SetName(name)
	if err := r.client.Delete(r.t.Context(), obj, client.GracePeriodSeconds(0)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) deleteNamespace() {
	r.t.Helper()
	if err := r.client.Delete(r.t.Context(), r.namespaceObject()); err != nil {
		r.t.Fatal(err)
	}
	r.eventually("the namespace terminates", func() string {
		if r.namespaceObject().GetDeletionTimestamp() == nil {
			return "not yet"
		}
		return ""
	})
}
