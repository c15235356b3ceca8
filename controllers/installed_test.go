package controllers_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// controlPlane runs the mesh's control plane, as far as anybody can see.
func (r *rig) controlPlane() {
	r.t.Helper()
	r.apply(`
apiVersion: v1
kind: Namespace
metadata: {name: NS-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: NS-system}
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod, istio.io/rev: default}}
    spec: {containers: [{name: discovery, image: "registry.test/istio/pilot:1.31.0"}]}
`)
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"})
	obj.SetNamespace(r.namespace + "-system")
	obj.SetName("istiod")
	status := client.RawPatch(types.MergePatchType, []byte(`{"status":{"replicas":1,"readyReplicas":1}}`))
	if err := r.client.Status().Patch(r.t.Context(), obj, status); err != nil {
		r.t.Fatal(err)
	}
}

func TestMeshSaysWhatIsThere(t *testing.T) {
	r := newRig(t)
	r.apply(shop)
	op := r.operate()
	r.condition("Mesh", r.namespace, "Installed", "False", "NotInstalled")
	r.controlPlane()
	r.condition("Mesh", r.namespace, "Installed", "True", "Installed")
	r.condition("Mesh", r.namespace, "Ready", "True", "Ready")
	r.quiet(op.writes)
	status, _, _ := unstructured.NestedMap(r.cluster("Mesh", r.namespace).Object, "status")
	env, _, _ := unstructured.NestedMap(status, "env")
	if status["members"] != int64(1) || status["version"] != "1.31.0" || env["variant"] != "istio-sidecar" || env["version"] != "1.31.0" {
		t.Errorf("status %v", status)
	}
}

func TestGatewayIsPairedAndServesARoute(t *testing.T) {
	r := newRig(t)
	r.apply(shop + "---" + split)
	r.controlPlane()
	r.apply(`
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
	mesh := r.cluster("Mesh", r.namespace)
	allow := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"allowedGateways":{"namespaces":{"from":"All"}}}}`))
	if err := r.client.Patch(t.Context(), mesh, allow); err != nil {
		t.Fatal(err)
	}
	op := r.operate()
	r.condition("IngressController", r.namespace, "Installed", "True", "Installed")
	r.condition("IngressController", r.namespace, "Ready", "True", "Ready")
	r.condition("IngressGateway", "public", "Paired", "False", "Pending")

	r.apply(`
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
	r.condition("IngressGateway", "public", "Programmed", "True", "Programmed")
	r.condition("IngressGateway", "public", "Paired", "True", "Paired")
	r.condition("IngressGateway", "public", "Ready", "True", "Ready")
	r.condition("GatewayRoute", "shop", "Programmed", "True", "Programmed")
	r.quiet(op.writes)
	status, _, _ := unstructured.NestedMap(r.mustGet(schema.GroupVersionKind{Group: "meshloom.io", Version: "v1alpha1", Kind: "IngressGateway"}, "public").Object, "status")
	identity, _, _ := unstructured.NestedMap(status, "identity")
	pairing, _, _ := unstructured.NestedMap(status, "pairing")
	addresses, _, _ := unstructured.NestedSlice(status, "addresses")
	if identity["serviceAccount"] != "public" || pairing["mode"] != "Mixed" || pairing["mtls"] != "Mutual" || len(addresses) != 1 {
		t.Errorf("status %v", status)
	}
	op.stop()
	restarted := r.operate()
	r.quiet(restarted.writes)
	if writes := restarted.writes.to(""); len(writes) > 0 {
		t.Errorf("a restart on an unchanged cluster wrote %q", writes)
	}
}
