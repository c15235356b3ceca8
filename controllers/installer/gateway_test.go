package installer_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// edge is an ingress controller with a gateway that is paired with the mesh.
const edge = `
apiVersion: meshloom.io/v1alpha1
kind: IngressController
metadata: {name: NS}
spec: {provider: Consul, mode: Managed, namespace: NS-system, allowedNamespaces: {from: All}}
---
apiVersion: v1
kind: Namespace
metadata: {name: NS-edge, labels: {meshloom.io/gateway-mesh: NS}}
---
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public, namespace: NS-edge}
spec:
  controllerRef: {name: NS}
  meshRef: {name: NS}
  listeners: [{name: web, port: 80, protocol: HTTP}]
`

// gatewayRuns waits until the gateway's workload is that of a version.
func (s *scene) gatewayRuns(version string) {
	s.t.Helper()
	s.EventuallyIn(60, "the gateway runs "+version, func() string {
		var g v1alpha1.IngressGateway
		if err := s.Client.Get(s.t.Context(), types.NamespacedName{Namespace: s.Namespace + "-edge", Name: "public"}, &g); err != nil {
			return err.Error()
		}
		if g.Status.Install == nil || g.Status.Install.Version != version || !meta.IsStatusConditionTrue(g.Status.Install.Conditions, "Installed") ||
			len(g.Status.Install.Conditions) != 1 {
			return fmt.Sprintf("%+v", g.Status.Install)
		}
		var d appsv1.Deployment
		if err := s.Client.Get(s.t.Context(), types.NamespacedName{Namespace: s.Namespace + "-edge", Name: "public"}, &d); err != nil {
			return err.Error()
		}
		if image := d.Spec.Template.Spec.Containers[0].Image; image != "proxy:"+version {
			return image
		}
		return ""
	})
}

// TestGatewayLives installs a gateway once its mesh is there, upgrades it in
// its own wave, and removes it, also when nobody watched it go.
func TestGatewayLives(t *testing.T) {
	s := newScene(t)
	s.Apply(edge)
	op := s.Install(mesh(), calm)
	s.Apply(strings.Replace(shop, "Canary", "InPlace", 1))
	s.done("1.0.0")
	s.gatewayRuns("1.0.0")
	s.edit(`{"spec":{"version":"1.1"}}`)
	s.done("1.1.0")
	s.gatewayRuns("1.1.0")

	controller := &v1alpha1.IngressController{}
	controller.Name = s.Namespace
	if err := s.Client.Delete(t.Context(), controller); err != nil {
		t.Fatal(err)
	}
	s.Eventually("the controller says who needs it", func() string {
		if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(controller), controller); err != nil {
			return err.Error()
		}
		if state := controller.Status.Install; state == nil || !meta.IsStatusConditionTrue(state.Conditions, "Stalled") {
			return fmt.Sprintf("%+v", state)
		}
		return ""
	})
	s.Quiet(op)
	op.Stop()
	gateway := &v1alpha1.IngressGateway{}
	gateway.Namespace, gateway.Name = s.Namespace+"-edge", "public"
	if err := s.Client.Delete(t.Context(), gateway); err != nil {
		t.Fatal(err)
	}
	s.Install(mesh(), calm)
	s.Eventually("gateway and controller are gone", func() string {
		err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(gateway), &corev1.Service{})
		if !apierrors.IsNotFound(err) {
			return fmt.Sprintf("Service: %v", err)
		}
		if err := s.Client.Get(t.Context(), client.ObjectKeyFromObject(controller), controller); !apierrors.IsNotFound(err) {
			return fmt.Sprintf("%v %+v", err, controller.Status.Install)
		}
		return ""
	})
}

// TestGatewayOfOthersIsLeft refuses to install a gateway where somebody has a
// Service of that name.
func TestGatewayOfOthersIsLeft(t *testing.T) {
	s := newScene(t)
	s.Apply(strings.Replace(edge, "meshRef: {name: NS}", "", 1))
	s.Apply(`
apiVersion: v1
kind: Service
metadata: {name: public, namespace: NS-edge}
spec: {selector: {app: theirs}, ports: [{port: 80}]}
`)
	op := s.Install(mesh(), calm)
	s.Eventually("the gateway is refused", func() string {
		var g v1alpha1.IngressGateway
		if err := s.Client.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace + "-edge", Name: "public"}, &g); err != nil {
			return err.Error()
		}
		if g.Status.Install == nil || !meta.IsStatusConditionTrue(g.Status.Install.Conditions, "Stalled") {
			return fmt.Sprintf("%+v", g.Status.Install)
		}
		return ""
	})
	s.Quiet(op)
	if writes := op.Writes.To("/services/"); len(writes) > 0 {
		t.Errorf("wrote %q", writes)
	}
}
