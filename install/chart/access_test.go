package chart_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/internal/roles"
	"github.com/meshloom/meshloom/test/rig"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "../../apis/v1alpha1/crds")) }

const translator = "system:serviceaccount:" + chart.Namespace + ":meshloom-translator"

// everything has one object of every unified kind, and makes one of every
// native kind.
const everything = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NS}
spec:
  provider: Istio
  mode: Adopted
  controlPlaneNamespace: NS-system
  members: {namespaceSelector: {matchLabels: {mesh: NS}}}
  mtls: {mode: Permissive}
  egress: {default: Deny}
  allowedGateways: {namespaces: {from: All}}
---
apiVersion: v1
kind: Service
metadata: {name: public, namespace: NS}
spec: {selector: {app: public}, ports: [{name: web, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: public, namespace: NS, labels: {app: public}}
spec: {serviceAccountName: public, containers: [{name: istio-proxy, image: proxy, ports: [{containerPort: 8080}]}]}
---
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
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: reviews, namespace: NS}
spec: {targetRefs: [{kind: Service, name: reviews}], timeouts: {request: 1s}}
---
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: reviews, namespace: NS}
spec: {targetRefs: [{kind: Service, name: reviews}], action: Allow, rules: [{from: [{namespace: {name: NS}}]}]}
---
apiVersion: meshloom.io/v1alpha1
kind: ExternalService
metadata: {name: payment, namespace: NS}
spec: {hosts: [api.pay.example], ports: [{port: 443, protocol: TLS}]}
`

// unified are the objects of everything whose status says whether all went well.
var unified = map[string]string{
	"TrafficSplit": "reviews", "TrafficPolicy": "reviews", "AccessPolicy": "reviews", "ExternalService": "payment",
	"IngressGateway": "public", "GatewayRoute": "shop",
}

// TestTheTranslatorNeedsItsRole runs the operator as the chart's service
// account through the life of an object of every kind. Nothing is refused, and
// there is no permission that no request used.
func TestTheTranslatorNeedsItsRole(t *testing.T) {
	r := rig.New(t)
	allow(t, r, map[string]any{"from": "All"})
	served(t, r)
	r.Apply(rig.Shop + "---" + rig.Split)
	r.ControlPlane()
	r.Apply(everything)
	for _, w := range worlds {
		r.Apply(w.text())
	}
	seen := &recorder{account: translator}
	t.Cleanup(func() {
		for _, refusal := range seen.refusals() {
			t.Errorf("refused: %s", refusal)
		}
	})

	op := r.OperateOver(func(next http.RoundTripper) http.RoundTripper { return conflicting(seen.over(next)) })
	for kind, name := range unified {
		r.Condition(kind, name, "Ready=True/Ready")
	}
	r.Quiet(op)
	r.EventuallyIn(60, "every native kind is made", func() string {
		for _, kind := range translators.Kinds(all.Providers()) {
			if neverMade[kind.Kind] == "" && len(ours(t, r, kind)) == 0 {
				return fmt.Sprintf("nothing became a %s", kind)
			}
		}
		return ""
	})
	r.Quiet(op)
	op.Stop()

	op = r.OperateOver(func(next http.RoundTripper) http.RoundTripper { return older(seen.over(next)) })
	r.Quiet(op)
	leave(t, r)
	r.Quiet(op)
	for _, unused := range seen.unused(rules(t, "ClusterRole meshloom-translator")) {
		if !excused(unused) {
			t.Errorf("allowed and never needed: %s", unused)
		}
	}
}

// excused says whether a permission is for a kind that this test makes nothing
// of.
func excused(unused string) bool {
	for _, kind := range translators.Kinds(all.Providers()) {
		if neverMade[kind.Kind] != "" && strings.HasSuffix(unused, " "+roles.Resource(kind)+"."+kind.Group) {
			return true
		}
	}
	return false
}

// leave takes the test's namespace out of the mesh, with all that was said of
// it, and waits until the native objects are gone.
func leave(t *testing.T, r *rig.Rig) {
	t.Helper()
	for kind, name := range unified {
		r.Delete(v1alpha1.GroupVersion.WithKind(kind), name)
	}
	r.Annotate("Mesh", r.Namespace, mesh.AnnotationConfirmPrune, "100")
	for _, pod := range []string{"reviews-v1", "reviews-v2", "reviews-v3", "public"} {
		r.DeleteNow("Pod", pod)
	}
	r.Apply(strings.SplitN(strings.Replace(rig.Shop, "labels: {mesh: NS}", "labels: {mesh: none}", 1), "---", 2)[0])
	for _, w := range worlds {
		w.leave(t, r)
	}
	r.EventuallyIn(60, "all native objects go", func() string {
		for _, kind := range translators.Kinds(all.Providers()) {
			if left := ours(t, r, kind); len(left) > 0 {
				return kind.Kind + " " + left[0].GetNamespace() + "/" + left[0].GetName()
			}
		}
		return ""
	})
}

// rules are those of a role of the chart.
func rules(t *testing.T, name string) []rbacv1.PolicyRule {
	t.Helper()
	var role rbacv1.ClusterRole
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(render(t, nil)[name].Object, &role); err != nil {
		t.Fatal(err)
	}
	return role.Rules
}
