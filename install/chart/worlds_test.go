package chart_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/internal/roles"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/rig"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

// world is one more mesh beside the test's own, with a member namespace, in
// which something becomes each native kind of the mesh.
type world struct {
	// name ends the names of the Mesh and of the namespace.
	name string
	// mesh are further fields of the Mesh's spec, proxy is the container that
	// its injector adds.
	mesh, proxy string
	// more is a further object that only this mesh takes.
	more string
}

var worlds = []world{
	{"linkerd", "provider: Linkerd, access: {default: Deny}, egress: {default: Deny}", "linkerd-proxy", limit},
	{"consul", "provider: Consul, access: {default: Deny}, egress: {default: Deny}, mtls: {mode: Strict}", "consul-dataplane", ""},
	{"ambient", "provider: Istio, dataPlane: Ambient, mtls: {mode: Permissive}", "ambient", ""},
}

// limit limits requests, which not every mesh can.
const limit = `---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: limit, namespace: NAME}
spec: {targetRefs: [{kind: Service, name: reviews}], rateLimit: {local: {requests: 50, per: Second}}}
`

// neverMade are kinds that no world makes, and why.
var neverMade = map[string]string{
	"TerminatingGateway": "Consul's is written where a fact names it, which is given offline alone",
}

func (w world) text() string {
	return strings.NewReplacer("NAME", "NS-"+w.name, "SPEC", w.mesh, "PROXY", w.proxy).Replace(`
apiVersion: v1
kind: Namespace
metadata: {name: NAME, labels: {mesh: NAME}}
---
apiVersion: v1
kind: Namespace
metadata: {name: NAME-system}
---
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: NAME}
spec: {mode: Adopted, controlPlaneNamespace: NAME-system, members: {namespaceSelector: {matchLabels: {mesh: NAME}}}, SPEC}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: NAME}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080, targetPort: 9080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: NAME}
spec: {selector: {app: ledger}, ports: [{name: grpc, port: 9090, targetPort: 9090}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews, namespace: NAME, labels: {app: reviews, version: v1}, annotations: {consul.hashicorp.com/service-meta-version: v1}}
spec: {serviceAccountName: reviews, containers: [{name: reviews, image: reviews, ports: [{containerPort: 9080}], readinessProbe: {httpGet: {path: /healthz, port: 9080}}}, {name: PROXY, image: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ledger, namespace: NAME, labels: {app: ledger}}
spec: {serviceAccountName: ledger, containers: [{name: ledger, image: ledger, ports: [{containerPort: 9090}]}, {name: PROXY, image: proxy}]}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: reviews, namespace: NAME}
spec:
  service: {name: reviews}
  rules:
  - matches: [{headers: [{name: canary, value: always}]}]
    backendRefs: [{subset: {labels: {version: v1}}}]
  backendRefs: [{subset: {labels: {version: v1}}, weight: 3}, {name: reviews, port: 9080, weight: 1}]
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: ledger, namespace: NAME}
spec: {service: {name: ledger}, backendRefs: [{name: ledger, port: 9090}]}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: reviews, namespace: NAME}
spec: {targetRefs: [{kind: Service, name: reviews}], outlierDetection: {consecutiveErrors: 3}}
---
apiVersion: meshloom.io/v1alpha1
kind: AccessPolicy
metadata: {name: reviews, namespace: NAME}
spec:
  targetRefs: [{kind: Service, name: reviews}]
  action: Allow
  rules: [{from: [{serviceAccount: {name: ledger}}], to: [{methods: [GET]}]}]
---
apiVersion: meshloom.io/v1alpha1
kind: ExternalService
metadata: {name: payment, namespace: NAME}
spec: {hosts: [api.pay.example], ports: [{port: 443, protocol: TLS}, {port: 80, protocol: HTTP}]}
` + w.more)
}

// leave takes the world's namespace out of its mesh, with all that was said of
// it.
func (w world) leave(t *testing.T, r *rig.Rig) {
	t.Helper()
	namespace := r.Namespace + "-" + w.name
	for _, document := range strings.Split(strings.ReplaceAll(w.text(), "NS", r.Namespace), "\n---") {
		obj := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), obj); err != nil {
			t.Fatal(err)
		}
		if kind := obj.GetKind(); kind == "Namespace" || kind == "Service" || kind == "Mesh" {
			continue
		}
		if err := r.Client.Delete(t.Context(), obj, client.GracePeriodSeconds(0)); err != nil {
			t.Fatal(err)
		}
	}
	r.Annotate("Mesh", namespace, mesh.AnnotationConfirmPrune, "100")
	r.Apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: " + namespace + ", labels: {mesh: none}}")
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Mesh"))
	obj.SetName(namespace)
	if err := r.Client.Delete(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
}

// served makes the API server serve every kind that providers write or look at:
// Gateway API by its real definitions, others by ones that take any fields.
func served(t *testing.T, r *rig.Rig) {
	t.Helper()
	dir, err := binaries.ModuleDir(t.Context(), "", "sigs.k8s.io/gateway-api")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gateways", "httproutes", "grpcroutes", "tlsroutes", "referencegrants"} {
		text, err := os.ReadFile(filepath.Join(dir, "config", "crd", "experimental", "gateway.networking.k8s.io_"+name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		r.Apply(string(text))
	}
	kinds := translators.Kinds(all.Providers())
	for _, p := range all.Providers() {
		kinds = append(kinds, p.Foreign...)
	}
	defined := map[string]bool{}
	for _, kind := range kinds {
		if name := roles.Resource(kind) + "." + kind.Group; strings.Contains(kind.Group, "linkerd") || strings.Contains(kind.Group, "consul") {
			if defined[name] {
				continue
			}
			defined[name] = true
			r.Apply(definition(kind))
		}
	}
}

// definition is a CRD whose objects may have any fields.
func definition(kind schema.GroupVersionKind) string {
	plural := roles.Resource(kind)
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %s.%s}
spec:
  group: %s
  scope: Namespaced
  names: {kind: %s, plural: %s, singular: %s}
  versions: [{name: %s, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`, plural, kind.Group, kind.Group, kind.Kind, plural, strings.ToLower(kind.Kind), kind.Version)
}

// ours returns the objects of a kind that the operator made, wherever they are.
func ours(t *testing.T, r *rig.Rig, kind schema.GroupVersionKind) []unstructured.Unstructured {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind)
	if err := r.Client.List(t.Context(), list, client.MatchingLabels{"app.kubernetes.io/managed-by": "meshloom"}); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool {
		return metav1.GetControllerOf(&o) != nil || !strings.HasPrefix(o.GetNamespace(), r.Namespace)
	})
}
