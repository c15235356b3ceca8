package consulk8s_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/test/engines/consulk8s"
)

func TestEntries(t *testing.T) {
	for _, c := range []struct{ name, resource, entry string }{
		{"protocol", `
kind: ServiceDefaults
metadata: {name: reviews, namespace: shop, labels: {x: y}}
spec:
  protocol: http
  upstreamConfig: {overrides: [{name: ratings, passiveHealthCheck: {interval: 10s, enforcingConsecutive5xx: 100}}]}
status: {conditions: []}`, `
Kind: service-defaults
Name: reviews
Meta: {external-source: kubernetes}
Protocol: http
UpstreamConfig: {Overrides: [{Name: ratings, PassiveHealthCheck: {Interval: 10s, EnforcingConsecutive5xx: 100}}]}`},
		{"subsets keep their names", `
kind: ServiceResolver
metadata: {name: reviews}
spec: {subsets: {v1: {filter: Service.Meta.version == v1, onlyPassing: true}}, connectTimeout: 1s}`, `
Kind: service-resolver
Name: reviews
Meta: {external-source: kubernetes}
Subsets: {v1: {Filter: Service.Meta.version == v1, OnlyPassing: true}}
ConnectTimeout: 1s`},
		{"headers keep their names", `
kind: ServiceSplitter
metadata: {name: reviews}
spec: {splits: [{weight: 12.5, serviceSubset: v1, requestHeaders: {set: {x-group: a}, remove: [y]}}, {weight: 87.5}]}`, `
Kind: service-splitter
Name: reviews
Meta: {external-source: kubernetes}
Splits: [{Weight: 12.5, ServiceSubset: v1, RequestHeaders: {Set: {x-group: a}, Remove: [y]}}, {Weight: 87.5}]`},
		{"a route without a destination stays one", `
kind: ServiceRouter
metadata: {name: reviews}
spec:
  routes:
  - {match: {http: {pathPrefix: /api, header: [{name: x-user, exact: alice}]}}}
  - {destination: {service: ratings, requestTimeout: 500ms, responseHeaders: {add: {server: x}}}}`, `
Kind: service-router
Name: reviews
Meta: {external-source: kubernetes}
Routes:
- {Match: {Http: {PathPrefix: /api, Header: [{Name: x-user, Exact: alice}]}}}
- {Destination: {Service: ratings, RequestTimeout: 500ms, ResponseHeaders: {Add: {server: x}}}}`},
		{"intentions are called as their destination", `
kind: ServiceIntentions
metadata: {name: anything, namespace: shop}
spec:
  destination: {name: "*"}
  sources: [{name: web, permissions: [{action: allow, http: {pathExact: /ok, methods: [GET]}}]}, {name: "*", action: deny}]`, `
Kind: service-intentions
Name: "*"
Meta: {external-source: kubernetes}
Sources: [{Name: web, Permissions: [{Action: allow, Http: {PathExact: /ok, Methods: [GET]}}]}, {Name: "*", Action: deny}]`},
		{"configuration of proxies is data", `
kind: ProxyDefaults
metadata: {name: global, namespace: consul}
spec: {config: {protocol: http, local_request_timeout_ms: 0}, transparentProxy: {dialedDirectly: true}}`, `
Kind: proxy-defaults
Name: global
Meta: {external-source: kubernetes}
Config: {protocol: http, local_request_timeout_ms: 0}
TransparentProxy: {DialedDirectly: true}`},
		{"the mesh has no name", `
kind: Mesh
metadata: {name: mesh}
spec: {transparentProxy: {meshDestinationsOnly: true}}`, `
Kind: mesh
Meta: {external-source: kubernetes}
TransparentProxy: {MeshDestinationsOnly: true}`},
		{"what is for Kubernetes stays there", `
kind: TerminatingGateway
metadata: {name: egress}
spec: {services: [{name: api.pay.example, sni: api.pay.example, secretRef: {name: x}}], deployment: {replicas: 2}}`, `
Kind: terminating-gateway
Name: egress
Meta: {external-source: kubernetes}
Services: [{Name: api.pay.example, Sni: api.pay.example}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := parse(t, c.resource)
			before := in.DeepCopy()
			entries, err := consulk8s.Entries([]*unstructured.Unstructured{in})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(read(t, c.entry), entries[0].Body); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, in); diff != "" {
				t.Errorf("the resource was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestEntriesRefused(t *testing.T) {
	for _, c := range []struct {
		name      string
		resources []string
		want      string
	}{
		{"not of its group", []string{"{apiVersion: v1, kind: Service, metadata: {name: a}}"}, "no config entry"},
		{"not an entry", []string{"{kind: PeeringDialer, metadata: {name: a}}"}, "no config entry"},
		{"defaults of another name", []string{"{kind: ProxyDefaults, metadata: {name: shop}}"}, "has to be called global"},
		{"a mesh of another name", []string{"{kind: Mesh, metadata: {name: shop}}"}, "has to be called mesh"},
		{"intentions for nothing", []string{"{kind: ServiceIntentions, metadata: {name: a}, spec: {}}"}, "no destination"},
		{"the same name in two namespaces", []string{
			"{kind: ServiceDefaults, metadata: {name: a, namespace: one}}", "{kind: ServiceDefaults, metadata: {name: a, namespace: two}}",
		}, "one/a is there already"},
		{"two intentions for one destination", []string{
			"{kind: ServiceIntentions, metadata: {name: a}, spec: {destination: {name: web}}}",
			"{kind: ServiceIntentions, metadata: {name: b}, spec: {destination: {name: web}}}",
		}, "is there already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var resources []*unstructured.Unstructured
			for _, text := range c.resources {
				resources = append(resources, parse(t, text))
			}
			if _, err := consulk8s.Entries(resources); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{Object: read(t, text)}
	if o.GetAPIVersion() == "" {
		o.SetAPIVersion(consulk8s.Group + "/v1alpha1")
	}
	return o
}

func read(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}
