package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func decode(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestRivals(t *testing.T) {
	for name, c := range map[string]struct {
		manifest string
		want     []string
	}{
		"a short name in the Service's namespace": {
			`{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: mine, namespace: shop}, spec: {hosts: [reviews]}}`,
			[]string{"VirtualService/mesh/reviews.shop.svc"},
		},
		"gateways by short and full name, and the mesh": {
			`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: mine, namespace: shop}, spec: {hosts: [shop.example, reviews.shop.svc.cluster.local], gateways: [public, edge/public, mesh]}}`,
			[]string{
				"VirtualService/edge/public/reviews.shop.svc", "VirtualService/edge/public/shop.example",
				"VirtualService/mesh/reviews.shop.svc", "VirtualService/mesh/shop.example",
				"VirtualService/shop/public/reviews.shop.svc", "VirtualService/shop/public/shop.example",
			},
		},
		"a DestinationRule of a client's namespace": {
			`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: mine, namespace: other}, spec: {host: reviews.shop.svc.my.domain}}`,
			[]string{"DestinationRule/reviews.shop.svc"},
		},
		"a Gateway": {
			`{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: mine, namespace: edge}, spec: {selector: {istio: public}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["./a.example", "*"]}]}}`,
			[]string{"Gateway/edge/istio=public/80/*", "Gateway/edge/istio=public/80/a.example"},
		},
		"a policy that admits": {
			`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: mine, namespace: shop}, spec: {selector: {matchLabels: {app: ratings}}, rules: [{}]}}`,
			[]string{"AuthorizationPolicy/shop/app=ratings/"},
		},
		"a policy that denies": {
			`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: mine, namespace: shop}, spec: {action: DENY, rules: [{}]}}`,
			nil,
		},
		"a policy that admits nobody": {
			`{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: mine, namespace: shop}, spec: {}}`,
			nil,
		},
		"mTLS of a namespace": {
			`{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: default, namespace: shop}, spec: {mtls: {mode: PERMISSIVE}}}`,
			[]string{"PeerAuthentication/shop/"},
		},
		"a Sidecar of some workloads": {
			`{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: mine, namespace: shop}, spec: {workloadSelector: {labels: {b: "2", a: "1"}}}}`,
			[]string{"Sidecar/shop/a=1,b=2"},
		},
		"an external host": {
			`{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: mine, namespace: shop}, spec: {hosts: [api.pay.example]}}`,
			[]string{"ServiceEntry/shop/api.pay.example"},
		},
		"another kind": {`{apiVersion: v1, kind: Service, metadata: {name: mine, namespace: shop}}`, nil},
		"what Istio cannot read": {
			`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: mine, namespace: shop}, spec: {hosts: 7}}`, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, rivals(decode(t, c.manifest))); diff != "" {
				t.Errorf("rivals (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRivalsOfOurs asks that a VirtualService written by hand for the same host
// is a rival of ours.
func TestRivalsOfOurs(t *testing.T) {
	unit := translatortest.NewGen(1).ServiceUnit()
	ours := translateService(translators.Env{}, unit.Service).Objects
	foreign := decode(t, `{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: reviews, namespace: shop}, spec: {hosts: [reviews]}}`)
	if diff := cmp.Diff(rivals(virtualServiceOf(ours)), rivals(foreign)); diff != "" {
		t.Errorf("ours and theirs differ (-ours +theirs):\n%s", diff)
	}
}
