package controllers_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/rig"
)

func TestMeshSaysWhatIsThere(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop)
	op := r.Operate()
	r.Condition("Mesh", r.Namespace, "Installed=False/NotInstalled")
	r.ControlPlane()
	r.Condition("Mesh", r.Namespace, "Installed=True/Installed")
	r.Condition("Mesh", r.Namespace, "Ready=True/Ready")
	r.Quiet(op)
	status, _, _ := unstructured.NestedMap(r.Cluster("Mesh", r.Namespace).Object, "status")
	env, _, _ := unstructured.NestedMap(status, "env")
	if status["members"] != int64(1) || status["version"] != "1.31.0" || env["variant"] != "istio-sidecar" || env["version"] != "1.31.0" {
		t.Errorf("status %v", status)
	}
}

func TestGatewayIsPairedAndServesARoute(t *testing.T) {
	r := rig.New(t)
	r.Apply(rig.Shop + "---" + rig.Split)
	r.ControlPlane()
	r.Apply(`
apiVersion: meshloom.io/v1alpha1
kind: IngressController
metadata: {name: NS}
spec: {provider: Istio, mode: Adopted, namespace: NS-system, allowedNamespaces: {from: All}}
---
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public, namespace: NS}
spec:
  controllerRef: {name: NS}
  meshRef: {name: NS}
  listeners: [{name: web, port: 80, protocol: HTTP}]
---
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop, namespace: NS}
spec:
  parentRefs: [{name: public}]
  hostnames: [shop.example]
  rules: [{backendRefs: [{name: reviews, port: 9080}]}]
`)
	mesh := r.Cluster("Mesh", r.Namespace)
	allow := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"allowedGateways":{"namespaces":{"from":"All"}}}}`))
	if err := r.Client.Patch(t.Context(), mesh, allow); err != nil {
		t.Fatal(err)
	}
	op := r.Operate()
	r.Condition("IngressController", r.Namespace, "Installed=True/Installed")
	r.Condition("IngressController", r.Namespace, "Ready=True/Ready")
	r.Condition("IngressGateway", "public", "Paired=False/Pending")

	r.Apply(`
apiVersion: v1
kind: Service
metadata: {name: public, namespace: NS}
spec: {selector: {app: public}, externalIPs: [192.0.2.7], ports: [{name: web, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: public, namespace: NS, labels: {app: public}}
spec: {serviceAccountName: public, containers: [{name: istio-proxy, image: proxy, ports: [{containerPort: 8080}]}]}
`)
	r.Condition("IngressGateway", "public", "Programmed=True/Programmed")
	r.Condition("IngressGateway", "public", "Paired=True/Paired")
	r.Condition("IngressGateway", "public", "Ready=True/Ready")
	r.Condition("GatewayRoute", "shop", "Programmed=True/Programmed")
	r.Quiet(op)
	status, _, _ := unstructured.NestedMap(r.MustGet(schema.GroupVersionKind{Group: "meshloom.io", Version: "v1alpha1", Kind: "IngressGateway"}, "public").Object, "status")
	identity, _, _ := unstructured.NestedMap(status, "identity")
	pairing, _, _ := unstructured.NestedMap(status, "pairing")
	addresses, _, _ := unstructured.NestedSlice(status, "addresses")
	if identity["serviceAccount"] != "public" || pairing["mode"] != "Mixed" || pairing["mtls"] != "Mutual" || len(addresses) != 1 {
		t.Errorf("status %v", status)
	}
	op.Stop()
	restarted := r.Operate()
	r.Quiet(restarted)
	if writes := restarted.Writes.To(""); len(writes) > 0 {
		t.Errorf("a restart on an unchanged cluster wrote %q", writes)
	}
}
