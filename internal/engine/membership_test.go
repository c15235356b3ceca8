package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators/ir"
)

const managed = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {mesh: shop}, annotations: {}}
---
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: shop}
spec:
  provider: Istio
  mode: Managed
  members: {namespaceSelector: {matchLabels: {mesh: shop}}}
  allowedGateways: {namespaces: {from: All}}
status: {env: {variant: istio-sidecar, facts: [{name: revision, value: shop-1-31-0}]}}
---
apiVersion: meshloom.io/v1alpha1
kind: IngressController
metadata: {name: istio}
spec: {provider: Istio, mode: Adopted}
---
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public, namespace: edge}
spec:
  controllerRef: {name: istio}
  meshRef: {name: shop}
  listeners: [{name: web, port: 80, protocol: HTTP}]
---
apiVersion: v1
kind: Service
metadata: {name: public, namespace: istio-system}
spec: {selector: {istio: public}, ports: [{name: http, port: 80}]}
---
`

// sidecar is a pod of a namespace with the proxy of the mesh.
const sidecar = `
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop, labels: {app: a}}
spec: {containers: [{name: a, image: a}, {name: istio-proxy, image: proxy}]}
status: {conditions: [{type: Ready, status: "True"}]}
---
`

var (
	namespaceKey = ir.Key{Kind: ir.KindNamespace, Mesh: "shop", Namespace: "shop"}
	gatewayKey   = ir.Key{Kind: ir.KindGateway, Namespace: "edge", Name: "public"}
)

// labels are the labels that a unit asks for on Namespaces, by Namespace.
func labels(t *testing.T, manifests string, key ir.Key) map[string]map[string]string {
	t.Helper()
	shared, issues := engine.Merge(newEngine(t, manifests).Compute(key).Contributions)
	if len(issues) > 0 {
		t.Error(issues)
	}
	out := map[string]map[string]string{}
	for _, s := range shared {
		out[s.Ref.Name] = s.Object.GetLabels()
	}
	return out
}

func TestMembersAreLabelled(t *testing.T) {
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(managed) }
	for name, test := range map[string]struct {
		manifests string
		key       ir.Key
		want      map[string]map[string]string
	}{
		"member": {
			managed, namespaceKey,
			map[string]map[string]string{"shop": {"meshloom.io/mesh": "shop", "istio.io/rev": "shop-1-31-0"}},
		},
		"member before anything runs": {
			replaced("facts: [{name: revision, value: shop-1-31-0}]", ""), namespaceKey,
			map[string]map[string]string{"shop": {"meshloom.io/mesh": "shop"}},
		},
		"member with a revision of its own": {
			replaced("annotations: {}", "annotations: {meshloom.io/revision: shop-1-30-4}"), namespaceKey,
			map[string]map[string]string{"shop": {"meshloom.io/mesh": "shop", "istio.io/rev": "shop-1-30-4"}},
		},
		"member of the default revision": {
			replaced("annotations: {}", "annotations: {meshloom.io/revision: default}"), namespaceKey,
			map[string]map[string]string{"shop": {"meshloom.io/mesh": "shop", "istio-injection": "enabled"}},
		},
		"member of an adopted mesh, with a revision of before": {
			replaced("annotations: {}", "annotations: {meshloom.io/revision: old}", "mode: Managed", "mode: Adopted"), namespaceKey,
			map[string]map[string]string{"shop": {"istio.io/rev": "shop-1-31-0"}},
		},
		"left, without pods": {
			replaced("labels: {mesh: shop}, annotations", "labels: {meshloom.io/mesh: shop}, annotations"), namespaceKey,
			map[string]map[string]string{},
		},
		"leaving, with a proxy that runs": {
			replaced("labels: {mesh: shop}, annotations", "labels: {meshloom.io/mesh: shop}, annotations") + sidecar, namespaceKey,
			map[string]map[string]string{"shop": {"meshloom.io/mesh": "shop"}},
		},
		"gateway": {
			managed, gatewayKey,
			map[string]map[string]string{"edge": {"meshloom.io/gateway-mesh": "shop"}, "istio-system": {"meshloom.io/gateway-mesh": "shop"}},
		},
		"gateway of an adopted mesh": {replaced("mode: Managed", "mode: Adopted"), gatewayKey, map[string]map[string]string{}},
		"gateway without a mesh":     {replaced("  meshRef: {name: shop}\n", ""), gatewayKey, map[string]map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, labels(t, test.manifests, test.key)); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

// elsewhere is a Mesh of another provider that the namespace moves to.
const elsewhere = `
apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: next}
spec: {provider: Linkerd, mode: MODE, members: {namespaceSelector: {matchLabels: {mesh: next}}}}
---
`

// records are the marks of ours that a unit asks for on the namespace.
func records(t *testing.T, manifests, mesh string) string {
	t.Helper()
	key := namespaceKey
	key.Mesh = mesh
	shared, _ := engine.Merge(newEngine(t, manifests).Compute(key).Contributions)
	var out []string
	for _, s := range shared {
		for _, marks := range []map[string]string{s.Object.GetLabels(), s.Object.GetAnnotations()} {
			for _, name := range []string{"meshloom.io/mesh", "meshloom.io/gateway-mesh"} {
				if value, ok := marks[name]; ok {
					out = append(out, name+"="+value)
				}
			}
		}
	}
	return strings.Join(out, " ")
}

// TestMovesAreRecorded shows that the mesh that a namespace leaves keeps its record
// while its proxies run there, that the other's control plane looks there too, and
// that a mesh that was found is recorded where there is somewhere to go.
func TestMovesAreRecorded(t *testing.T) {
	next := func(mode string) string { return strings.ReplaceAll(elsewhere, "MODE", mode) }
	managed := strings.Replace(managed, "labels: {mesh: shop}, annotations: {}", "labels: {mesh: next}, annotations: {meshloom.io/mesh: shop}", 1)
	adopted := strings.ReplaceAll(managed, "mode: Managed", "mode: Adopted")
	stays := strings.Replace(adopted, "labels: {mesh: next}", "labels: {mesh: shop}", 1)
	for name, c := range map[string]struct{ manifests, old, next string }{
		"between managed meshes":   {managed + next("Managed") + sidecar, "meshloom.io/mesh=shop", "meshloom.io/gateway-mesh=next"},
		"to one that was found":    {managed + next("Adopted") + sidecar, "meshloom.io/mesh=shop", ""},
		"from one that was found":  {adopted + next("Managed") + sidecar, "meshloom.io/mesh=shop", "meshloom.io/gateway-mesh=next"},
		"when no proxy is left":    {managed + next("Managed"), "", "meshloom.io/mesh=next"},
		"found, and nowhere to go": {stays + sidecar, "", ""},
		"found, and nobody moves":  {stays + next("Adopted") + sidecar, "meshloom.io/mesh=shop", ""},
	} {
		if got := records(t, c.manifests, "shop"); got != c.old {
			t.Errorf("%s: the old mesh asks for %q, want %q", name, got, c.old)
		}
		if got := records(t, c.manifests, "next"); got != c.next {
			t.Errorf("%s: the next mesh asks for %q, want %q", name, got, c.next)
		}
	}
}
