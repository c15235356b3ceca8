package smallcharts

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"testing"
)

// definition is a CRD of Gateway API in small, as of a bundle.
const definition = `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: %[2]s.gateway.networking.k8s.io
  annotations: {gateway.networking.k8s.io/bundle-version: %[1]s, api-approved.kubernetes.io: "unapproved, made for tests"}
spec:
  group: gateway.networking.k8s.io
  scope: Namespaced
  names: {kind: %[3]s, plural: %[2]s}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
`

// bundleAddress is where the project publishes its bundles.
var bundleAddress = regexp.MustCompile(`^/kubernetes-sigs/gateway-api/releases/download/(v[0-9.]+)/standard-install\.yaml$`)

// GatewayAPI returns a client for which github.com is a server of the test, with
// a small bundle of every version of Gateway API at the address of the real one.
func GatewayAPI(t *testing.T) *http.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m := bundleAddress.FindStringSubmatch(r.URL.Path)
		if m == nil {
			http.NotFound(w, r)
			return
		}
		for plural, kind := range map[string]string{"gateways": "Gateway", "httproutes": "HTTPRoute"} {
			_, _ = fmt.Fprintf(w, definition, m[1], plural, kind)
		}
	}))
	t.Cleanup(server.Close)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: instead{address}}
}

// instead sends what is for github.com to another server.
type instead struct{ server *url.URL }

// RoundTrip implements http.RoundTripper.
func (i instead) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == "github.com" {
		req = req.Clone(req.Context())
		req.URL.Scheme, req.URL.Host, req.Host = i.server.Scheme, i.server.Host, i.server.Host
	}
	return http.DefaultTransport.RoundTrip(req)
}
