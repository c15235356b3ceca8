package installer_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators"
)

// runningGateway is the workload of the gateway in the mesh's first version.
const runningGateway = "1.0.0 x2 NS-1-0-0 ClusterIP"

// exposedChart is a Deployment and a Service under the release's name.
const exposedChart = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {gateway: {{ .Release.Name }}}}
  template:
    metadata: {labels: {gateway: {{ .Release.Name }}, rev: {{ .Values.revision }}}}
    spec: {containers: [{name: gateway, image: "registry.test/gateway:{{ .Chart.Version }}"}]}
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
spec: {type: {{ .Values.type }}, selector: {gateway: {{ .Release.Name }}}, ports: [{port: 80}]}
`

// exposed is the tests' mesh, whose gateways have replicas and a type of
// Service.
func exposed() []translators.Provider {
	providers := mesh()
	all := maps.Clone(charts)
	all["exposed/Chart.yaml"] = &fstest.MapFile{Data: []byte("apiVersion: v2\nname: exposed\nversion: 0.0.0\n")}
	all["exposed/templates/gateway.yaml"] = &fstest.MapFile{Data: []byte(exposedChart)}
	p := &providers[0]
	p.Charts.Charts, p.Charts.Gateway = all, func(r install.GatewayRequest) install.Plan {
		service := v1alpha1.GatewayServiceClusterIP
		if s := r.Gateway.Spec.Service; s != nil {
			service = s.Type
		}
		return install.Plan{Charts: []install.Chart{{
			Release: r.Gateway.Name, Namespace: r.Gateway.Namespace, Name: "exposed", Version: r.Version, Path: "exposed",
			Source: install.Source{Kind: install.Embedded},
			Values: map[string]any{"revision": r.Revision, "replicas": ptr.Deref(r.Gateway.Spec.Replicas, 2), "type": string(service)},
			Gates:  []install.Gate{{Kind: install.WorkloadReady, Resource: "Deployment", Namespace: r.Gateway.Namespace, Name: r.Gateway.Name}},
		}}}
	}
	return providers
}

// newIngressScene is a scene with a mesh, a controller and a gateway.
func newIngressScene(t *testing.T, mode v1alpha1.Mode) *scene {
	t.Helper()
	s := newScene(t)
	s.Apply(shop + "---\n" + strings.Replace(edge, "Managed", string(mode), 1))
	return s
}

// named gives an object of these tests its name.
func (s *scene) named(object client.Object) client.Object {
	if _, ok := object.(*v1alpha1.IngressController); ok {
		object.SetName(s.Namespace)
		return object
	}
	object.SetNamespace(s.Namespace + "-edge")
	object.SetName("public")
	return object
}

// runs describes the gateway's workload: its image, replicas, revision and type
// of Service; "" where there is none.
func (s *scene) runs() string {
	s.t.Helper()
	d, svc := &appsv1.Deployment{}, &corev1.Service{}
	err := s.Client.Get(s.t.Context(), client.ObjectKeyFromObject(s.named(d)), d)
	if apierrors.IsNotFound(err) {
		return ""
	}
	if err == nil {
		err = s.Client.Get(s.t.Context(), client.ObjectKeyFromObject(s.named(svc)), svc)
	}
	if err != nil {
		return err.Error()
	}
	_, version, _ := strings.Cut(d.Spec.Template.Spec.Containers[0].Image, ":")
	return fmt.Sprintf("%s x%d %s %s", version, *d.Spec.Replicas, strings.ReplaceAll(d.Spec.Template.Labels["rev"], s.Namespace, "NS"), svc.Spec.Type)
}

// eventuallyRuns waits for a workload.
func (s *scene) eventuallyRuns(want string) {
	s.t.Helper()
	s.EventuallyIn(60, "the gateway runs "+want, func() string {
		if got := s.runs(); got != want {
			return fmt.Sprintf("it runs %q, says %s", got, s.spoken(&v1alpha1.IngressGateway{}))
		}
		return ""
	})
}

// spoken returns the installer's conditions of an object in one line.
func (s *scene) spoken(object client.Object) string {
	s.t.Helper()
	if err := s.Client.Get(s.t.Context(), client.ObjectKeyFromObject(s.named(object)), object); err != nil {
		return err.Error()
	}
	var state *v1alpha1.InstallState
	switch o := object.(type) {
	case *v1alpha1.IngressGateway:
		state = o.Status.Install
	case *v1alpha1.IngressController:
		state = o.Status.Install
	}
	if state == nil {
		return "nothing"
	}
	var out []string
	for _, c := range state.Conditions {
		out = append(out, c.Type+"="+string(c.Status)+"/"+c.Reason)
	}
	return strings.Join(out, " ")
}

// eventuallySpeaks waits for conditions.
func (s *scene) eventuallySpeaks(object client.Object, want string) {
	s.t.Helper()
	s.EventuallyIn(60, fmt.Sprintf("the installer says %s of %T", want, object), func() string {
		if got := s.spoken(object); got != want {
			return "it says " + got
		}
		return ""
	})
}

// change edits an object of these tests.
func (s *scene) change(object client.Object, patch string) {
	s.t.Helper()
	if err := s.Client.Patch(s.t.Context(), s.named(object), client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) remove(object client.Object) {
	s.t.Helper()
	if err := s.Client.Delete(s.t.Context(), s.named(object)); err != nil {
		s.t.Fatal(err)
	}
}

// eventuallyGone waits until an object, and all that was installed at the edge,
// is gone.
func (s *scene) eventuallyGone(object client.Object) {
	s.t.Helper()
	s.EventuallyIn(60, fmt.Sprintf("%T is gone, and all of it", object), func() string {
		err := s.Client.Get(s.t.Context(), client.ObjectKeyFromObject(s.named(object)), object)
		var left corev1.SecretList
		if err := s.Client.List(s.t.Context(), &left, client.InNamespace(s.Namespace+"-edge"), client.MatchingLabels{"owner": "helm"}); err != nil {
			return err.Error()
		}
		if apierrors.IsNotFound(err) && s.runs() == "" && len(left.Items) == 0 {
			return ""
		}
		return fmt.Sprintf("%v, runs %q, %d releases", err, s.runs(), len(left.Items))
	})
}

// TestGatewayFollowsEdits changes how a gateway is exposed, and how many pods
// it has.
func TestGatewayFollowsEdits(t *testing.T) {
	s := newIngressScene(t, v1alpha1.ModeManaged)
	op := s.Install(exposed(), calm)
	s.eventuallyRuns(runningGateway)
	s.change(&v1alpha1.IngressGateway{}, `{"spec":{"replicas":3,"service":{"type":"NodePort"}}}`)
	s.eventuallyRuns("1.0.0 x3 NS-1-0-0 NodePort")
	s.eventuallySpeaks(&v1alpha1.IngressGateway{}, "Installed=True/Installed")
	s.Quiet(op)
}

// TestAdoptedControllerGetsNothing counts the writes of an Adopted controller
// and its gateway: none.
func TestAdoptedControllerGetsNothing(t *testing.T) {
	s := newIngressScene(t, v1alpha1.ModeAdopted)
	op := s.Install(exposed(), calm)
	s.done("1.0.0")
	s.Quiet(op)
	for _, part := range []string{"/ingress", s.Namespace + "-edge"} {
		if writes := op.Writes.To(part); len(writes) > 0 {
			t.Errorf("wrote %q", writes)
		}
	}
	if got := s.spoken(&v1alpha1.IngressGateway{}) + ", " + s.spoken(&v1alpha1.IngressController{}); got != "nothing, nothing" {
		t.Errorf("said %s", got)
	}
}

// TestControllerHandedBack leaves a gateway running whose controller becomes
// Adopted, and says no more of it.
func TestControllerHandedBack(t *testing.T) {
	s := newIngressScene(t, v1alpha1.ModeManaged)
	s.Install(exposed(), calm)
	s.eventuallyRuns(runningGateway)
	s.change(&v1alpha1.IngressController{}, `{"spec":{"mode":"Adopted"}}`)
	s.eventuallySpeaks(&v1alpha1.IngressController{}, "nothing")
	s.eventuallySpeaks(&v1alpha1.IngressGateway{}, "nothing")
	s.Eventually("the controller is let go", func() string {
		controller := &v1alpha1.IngressController{}
		if s.spoken(controller); len(controller.Finalizers) > 0 {
			return fmt.Sprintf("finalizers %v", controller.Finalizers)
		}
		return ""
	})
	if got := s.runs(); got != runningGateway {
		t.Errorf("runs %q, want %q", got, runningGateway)
	}
}

// TestControllerStaysUnderGateways keeps a controller while gateways name it,
// and removes both when somebody agrees.
func TestControllerStaysUnderGateways(t *testing.T) {
	s := newIngressScene(t, v1alpha1.ModeManaged)
	s.Install(exposed(), calm)
	s.eventuallyRuns(runningGateway)
	s.remove(&v1alpha1.IngressController{})
	s.eventuallySpeaks(&v1alpha1.IngressController{}, "Installed=False/MembersExist Stalled=True/MembersExist")
	if got := s.runs(); got == "" {
		t.Error("the gateway is gone")
	}
	s.change(&v1alpha1.IngressController{}, `{"metadata":{"annotations":{"meshloom.io/uninstall":"members"}}}`)
	s.eventuallyGone(&v1alpha1.IngressController{})
	if got := s.spoken(&v1alpha1.IngressGateway{}); !slices.Contains([]string{"Installed=False/Deleting", "nothing"}, got) {
		t.Errorf("of the gateway it says %s", got)
	}
}
