package cli

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/test/rig"
)

var (
	peerAuthentications = schema.GroupVersionKind{Group: "security.istio.io", Version: "v1", Kind: "PeerAuthentication"}
	trafficSplits       = v1alpha1.GroupVersion.WithKind("TrafficSplit")
)

const timeouts = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: reviews, namespace: NS}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  timeouts: {request: 3s}
`

// marks are what says that an object is ours.
func marks(obj *unstructured.Unstructured) []string {
	var out []string
	for _, entry := range obj.GetManagedFields() {
		if entry.Manager == "meshloom" {
			out = append(out, "manager meshloom")
		}
	}
	for key := range obj.GetLabels() {
		if key == engine.LabelUnit || key == engine.LabelManagedBy {
			out = append(out, key)
		}
	}
	for key := range obj.GetAnnotations() {
		if strings.HasPrefix(key, "meshloom.io/") {
			out = append(out, key)
		}
	}
	return out
}

func TestReleaseOfARoute(t *testing.T) {
	r := rig.New(t)
	m := verbs{t, kubeconfig(t, r.Config, r.Namespace)}
	r.Apply(rig.Shop)
	r.Apply(rig.Split)
	r.Apply(timeouts)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Condition("TrafficPolicy", "reviews", "Ready=True/Ready")
	before := r.MustGet(rig.VirtualServices, rig.Native)

	_, stderr := m.run(ExitFailed, "release", "trafficsplit", "reviews", "-y")
	contains(t, "release of a half", stderr, []string{"was made from TrafficPolicy/" + r.Namespace + "/reviews, too"})
	_, stderr = m.run(ExitFailed, "release", "trafficsplit/reviews", "trafficpolicy/reviews")
	contains(t, "release without a terminal", stderr, []string{"-y"})
	stdout, _ := m.run(ExitOK, "release", "trafficsplit/reviews", "trafficpolicy/reviews", "--dry-run")
	contains(t, "what would be released", stdout, []string{"VirtualService " + r.Namespace + "/" + rig.Native, "DestinationRule"})
	if obj := r.MustGet(rig.VirtualServices, rig.Native); obj.GetResourceVersion() != before.GetResourceVersion() {
		t.Error("a dry run changed the VirtualService")
	}

	m.run(ExitOK, "release", "trafficsplit/reviews", "trafficpolicy/reviews", "-y")
	r.Exists(trafficSplits, "reviews", false)
	r.Quiet(op)
	after := r.MustGet(rig.VirtualServices, rig.Native)
	if found := marks(after); len(found) > 0 {
		t.Errorf("the released VirtualService still has %v", found)
	}
	if want, got := before.Object["spec"], after.Object["spec"]; !equal(want, got) {
		t.Errorf("the released VirtualService changed from %v to %v", want, got)
	}
	r.MustGet(rig.DestinationRules, rig.Native)
}

func TestReleaseOfAMesh(t *testing.T) {
	r := rig.New(t)
	m := verbs{t, kubeconfig(t, r.Config, r.Namespace)}
	dropMesh(t, r, r.Namespace)
	r.ControlPlane()
	r.Apply(strings.Replace(rig.Shop, "  mode: Adopted", "  mode: Adopted\n  mtls: {mode: Permissive}", 1))
	r.Apply(rig.Split)
	op := r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	r.Eventually("the namespace is marked", func() string {
		if r.NamespaceObject().GetLabels()["istio-injection"] == "" && r.NamespaceObject().GetLabels()["istio.io/rev"] == "" {
			return "not yet"
		}
		return ""
	})
	r.Eventually("mTLS is written", func() string {
		if len(r.List(peerAuthentications)) != 1 {
			return "not yet"
		}
		return ""
	})
	label := r.NamespaceObject().GetLabels()

	m.run(ExitOK, "release", "mesh", r.Namespace, "-y")
	r.Quiet(op)
	time.Sleep(rig.Settle)
	mesh := r.Cluster("Mesh", r.Namespace)
	for _, field := range []string{"members", "mtls"} {
		if _, found, _ := unstructured.NestedFieldNoCopy(mesh.Object, "spec", field); found {
			t.Errorf("the mesh still asks for %s", field)
		}
	}
	if items := r.List(peerAuthentications); len(items) != 1 || len(marks(&items[0])) > 0 {
		t.Errorf("PeerAuthentications after the release: %v", items)
	}
	if got := r.NamespaceObject().GetLabels(); !equal(label, got) {
		t.Errorf("labels of the namespace went from %v to %v", label, got)
	}
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")
	if items := r.List(rig.VirtualServices); len(items) != 1 || len(marks(&items[0])) == 0 {
		t.Errorf("the split's VirtualService is not the operator's any more: %v", items)
	}
}
