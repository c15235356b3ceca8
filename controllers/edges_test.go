package controllers_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/test/rig"
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
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split + "---" + timeout)
	op := r.Operate()
	r.Condition("TrafficPolicy", "limits", "Ready=True/Ready")
	r.Quiet(op)
	before := r.MustGet(rig.VirtualServices, rig.Native)

	r.Apply(rateLimit)
	r.Apply(strings.NewReplacer("75", "50", "25", "50").Replace(rig.Split))
	r.Condition("TrafficPolicy", "limits", "Accepted=False/Unsupported")
	r.Condition("TrafficPolicy", "limits", "Programmed=False/Frozen")
	r.Condition("TrafficSplit", "reviews", "Programmed=False/Frozen")
	op.Stop()
	restarted := r.Operate()
	r.Quiet(restarted)
	if after := r.MustGet(rig.VirtualServices, rig.Native); after.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("a frozen object was written")
	}
	if writes := restarted.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart while frozen wrote %q", writes)
	}

	r.Apply(timeout)
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	if r.MustGet(rig.VirtualServices, rig.Native).GetResourceVersion() == before.GetResourceVersion() {
		t.Error("what waited while frozen was not written")
	}
}

func TestAFirstCreationThatCannotBeExpressedFreezesNothing(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Apply(rateLimit)
	r.Condition("TrafficPolicy", "limits", "Accepted=False/Unsupported")
	r.Apply(strings.NewReplacer("75", "50", "25", "50").Replace(rig.Split))
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
}

func TestAMissingKindIsWaitedFor(t *testing.T) {
	r := rig.New(t)
	restore := r.DropCRD("destinationrules.networking.istio.io")
	r.Apply(rig.Shop + "---" + rig.Split)
	r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=False/MissingCRD")
	restore()
	r.Condition("TrafficSplit", "reviews", "Programmed=True/Programmed")
	r.Exists(rig.DestinationRules, rig.Native, true)
}

func TestTheCRDOfMeshesTakesNoMembershipWithIt(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Quiet(op)
	meshes := &unstructured.UnstructuredList{}
	meshes.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Mesh"))
	if err := r.Client.List(t.Context(), meshes); err != nil {
		t.Fatal(err)
	}
	restore := r.DropCRD("meshes.meshloom.io")
	r.Quiet(op)
	if got := r.NamespaceObject().GetLabels()["istio-injection"]; got != "enabled" {
		t.Errorf("the injector's label is %q without the CRD", got)
	}
	if writes := op.Writes.To("DELETE"); len(writes) > 0 {
		t.Errorf("without its CRD, %q", writes)
	}
	op.Stop()
	restore()
	// Those of other tests come back, too: what they made is nobody's to remove.
	for _, mesh := range meshes.Items {
		again := &unstructured.Unstructured{Object: map[string]any{"spec": mesh.Object["spec"]}}
		again.SetGroupVersionKind(mesh.GroupVersionKind())
		again.SetName(mesh.GetName())
		r.Eventually("the user can apply the mesh again", func() string {
			if err := r.Client.Create(t.Context(), again.DeepCopy()); err != nil {
				return err.Error()
			}
			return ""
		})
	}
	r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
}

func TestACRDOfOursThatGoesTakesNoTrafficWithIt(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Quiet(op)
	restore := r.DropCRD("trafficsplits.meshloom.io")
	r.Quiet(op)
	if writes := op.Writes.To("DELETE"); len(writes) > 0 {
		t.Errorf("without its CRD, %q", writes)
	}
	if _, err := r.Get(rig.VirtualServices, rig.Native); err != nil {
		t.Error(err)
	}
	restore()
	r.Eventually("the user can apply the split again", func() string {
		if err := r.TryApply(rig.Split); err != nil {
			return err.Error()
		}
		return ""
	})
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Exists(rig.VirtualServices, rig.Native, true)
}

func TestNothingIsCreatedInATerminatingNamespace(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	// No namespace controller runs here, so the namespace stays as it is.
	r.DeleteNamespace()
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Programmed=False/Deleting")
	r.Quiet(op)
	if writes := op.Writes.To("/namespaces/" + r.Namespace + "/virtualservices"); len(writes) > 0 {
		t.Errorf("wrote %q in a terminating namespace", writes)
	}
	if writes := op.Writes.To("/namespaces/" + r.Namespace + "/destinationrules"); len(writes) > 0 {
		t.Errorf("wrote %q in a terminating namespace", writes)
	}
}

func TestObjectsWithoutAUnitAreSweptAtStart(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	op.Stop()
	r.Delete(trafficSplits, "reviews")
	r.Operate()
	r.Exists(rig.VirtualServices, rig.Native, false)
	r.Exists(rig.DestinationRules, rig.Native, false)
}

func TestMembershipIsWrittenAndReleased(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop)
	op := r.Operate()
	label := func(want bool) func() string {
		return func() string {
			ns := r.NamespaceObject()
			if _, has := ns.GetLabels()["istio-injection"]; has != want {
				return fmt.Sprintf("labels %v", ns.GetLabels())
			}
			return ""
		}
	}
	r.Eventually("the injector's label is written", label(true))
	r.Quiet(op)
	if ns := r.NamespaceObject(); ns.GetLabels()["mesh"] != r.Namespace {
		t.Errorf("the user's label is gone: %v", ns.GetLabels())
	}
	op.Stop()
	second := r.Operate()
	r.Quiet(second)
	if writes := second.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart wrote %q", writes)
	}
	for _, pod := range []string{"reviews-v1", "reviews-v2", "reviews-v3"} {
		r.DeleteNow("Pod", pod)
	}
	r.Apply(strings.SplitN(strings.Replace(rig.Shop, "labels: {mesh: NS}", "labels: {mesh: none}", 1), "---", 2)[0])
	r.Eventually("the injector's label is released", label(false))
}

func TestSomebodyElsesLabelIsAConflict(t *testing.T) {
	r := rig.New(t)
	r.Apply(strings.Replace(rig.Shop, "labels: {mesh: NS}", "labels: {mesh: NS, istio-injection: disabled}", 1))
	r.ControlPlane()
	op := r.Operate()
	r.Condition("Mesh", r.Namespace, "Ready=False/Conflicted")
	r.Quiet(op)
	if got := r.NamespaceObject().GetLabels()["istio-injection"]; got != "disabled" {
		t.Errorf("the user's label was changed to %q", got)
	}
	op.Stop()
	restarted := r.Operate()
	r.Quiet(restarted)
	if writes := restarted.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart wrote %q, as if the conflict was not known at first", writes)
	}
}

func TestAMassRemovalNeedsConfirmation(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop)
	r.ControlPlane()
	const services = 8
	for i := range services {
		name := fmt.Sprintf("s%d", i)
		r.Apply(strings.ReplaceAll(`
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: NS}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
`, "NAME", name))
		r.Apply(strings.NewReplacer("name: reviews,", "name: "+name+",", "{name: reviews}", "{name: "+name+"}").Replace(rig.Split))
	}
	op := r.Operate()
	all := func() int { return len(r.List(rig.VirtualServices)) }
	r.Eventually("all are written", func() string { return differs(all(), services) })
	r.Quiet(op)
	op.Stop()
	for i := range services {
		r.Delete(trafficSplits, fmt.Sprintf("s%d", i))
	}
	op = r.Operate()
	r.Condition("Mesh", r.Namespace, "Ready=False/ConfirmationRequired")
	r.Quiet(op)
	if n := all(); n != services {
		t.Errorf("%d of %d VirtualServices are left before anybody agreed", n, services)
	}
	r.Annotate("Mesh", r.Namespace, mesh.AnnotationConfirmPrune, fmt.Sprint(2*services))
	r.Eventually("all are removed", func() string { return differs(all(), 0) })
	r.Eventually("the Mesh no longer asks", func() string {
		for _, c := range rig.ConditionsOf(r.Cluster("Mesh", r.Namespace)) {
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
