//go:build e2e

package compiled

import (
	"errors"
	"fmt"

	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

// gateway is the base's IngressGateway with other listeners.
func gateway(listeners string) string {
	return `
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public, namespace: $edge}
spec:
  controllerRef: {name: istio}
  meshRef: {name: shop}
  listeners:
` + listeners
}

// toEcho is a route of a listener to echo-v2.
func toEcho(listener, host string) string {
	return `
---
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: $edge, sectionName: ` + listener + `}]
  hostnames: [` + host + `]
  rules: [{backendRefs: [{name: echo-v2, port: 8080}]}]
`
}

const plainListener = `
  - {name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
`

const hostListener = `
  - {name: web, port: 80, protocol: HTTP, hostname: "*.$member.example", allowedRoutes: {namespaces: {from: All}}}
`

func secureListener(certificates string) string {
	return `
  - name: secure
    port: 443
    protocol: HTTPS
    hostname: safe.$member.example
    tls: {certificateRefs: [` + certificates + `]}
    allowedRoutes: {namespaces: {from: All}}
---
apiVersion: v1
kind: Secret
metadata: {name: safe-tls, namespace: $edge}
type: kubernetes.io/tls
data: {tls.crt: "", tls.key: ""}
---
apiVersion: v1
kind: Secret
metadata: {name: safe-ecdsa, namespace: $edge}
type: kubernetes.io/tls
data: {tls.crt: "", tls.key: ""}
`
}

// foreign is an IngressGateway of the member namespace that is served by the
// pods of its controller's namespace, where its certificate is, too.
const foreign = `
apiVersion: meshloom.io/v1alpha1
kind: IngressController
metadata: {name: istio}
spec: {provider: Istio, mode: Adopted, namespace: $edge, allowedNamespaces: {from: All}}
---
apiVersion: meshloom.io/v1alpha1
kind: IngressGateway
metadata: {name: public}
spec:
  controllerRef: {name: istio}
  meshRef: {name: shop}
  listeners:
  - name: secure
    port: 443
    protocol: HTTPS
    hostname: safe.$member.example
    tls: {certificateRefs: [{name: safe-tls, namespace: $edge}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: certificates, namespace: $edge}
spec:
  from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: $member}]
  to: [{group: "", kind: Secret}]
---
apiVersion: v1
kind: Secret
metadata: {name: safe-tls, namespace: $edge}
type: kubernetes.io/tls
data: {tls.crt: "", tls.key: ""}
---
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, sectionName: secure}]
  hostnames: [safe.$member.example]
  rules: [{backendRefs: [{name: echo-v2, port: 8080}]}]
`

func gateways() []compiled {
	one := func(name, objects string, checks ...check) compiled {
		return compiled{name: name, places: []place{atGateway}, objects: objects, checks: checks}
	}
	secure := gateway(secureListener("{name: safe-tls}")) + toEcho("secure", "safe.$member.example")
	return []compiled{
		one("HTTP listener", gateway(plainListener)+toEcho("web", "shop.$member.example"),
			check{ir.GatewayHTTP, caller, together(listensIn(80, nil), ends(map[string][]ads.Request{"echo-v2": {at("/")}}))}),
		one("listener of a domain", gateway(hostListener)+toEcho("web", "shop.$member.example"),
			check{ir.GatewayHostname, caller, together(listensIn(80, nil), ends(map[string][]ads.Request{"echo-v2": {at("/")}}))}),
		one("route of all hosts of a listener", gateway(hostListener)+toEcho("web", `"*.$member.example"`),
			check{ir.GatewayHostname, caller, anyHost}),
		one("HTTPS listener", secure,
			check{ir.GatewayHTTPS, caller, together(listensIn(443, []string{"kubernetes://safe-tls"}), secureRoute)},
			check{ir.GatewayHostname, caller, serverNames}),
		one("two certificates", gateway(secureListener("{name: safe-tls}, {name: safe-ecdsa}"))+toEcho("secure", "safe.$member.example"),
			check{ir.GatewayManyCerts, caller, listensIn(443, []string{"kubernetes://safe-tls", "kubernetes://safe-ecdsa"})}),
		one("certificate of another namespace", foreign,
			check{ir.GatewayForeignCert, caller, together(listensIn(443, []string{"kubernetes://safe-tls"}), secureRoute)}),
	}
}

// listenerOn returns the listener for a port at any address.
func listenerOn(s *ads.Snapshot, port uint32) (*listenerv3.Listener, error) {
	l, ok := s.Listeners[fmt.Sprintf("0.0.0.0_%d", port)]
	if !ok {
		return nil, fmt.Errorf("nothing listens on port %d", port)
	}
	return l, nil
}

// listensIn asserts that the gateway listens, in the clear where there are no
// secrets, else by TLS with exactly these.
func listensIn(port uint32, secrets []string) func(*world, *ads.Snapshot) error {
	return func(_ *world, s *ads.Snapshot) error {
		l, err := listenerOn(s, port)
		if err != nil {
			return err
		}
		var got []string
		for _, chain := range ads.Chains(l) {
			if chain.GetTransportSocket() == nil {
				continue
			}
			tls, err := downstreamTLS(chain)
			if err != nil {
				return err
			}
			for _, secret := range tls.GetCommonTlsContext().GetTlsCertificateSdsSecretConfigs() {
				got = append(got, secret.GetName())
			}
		}
		return differs("secrets", got, secrets)
	}
}

func downstreamTLS(chain *listenerv3.FilterChain) (*tlsv3.DownstreamTlsContext, error) {
	tls := new(tlsv3.DownstreamTlsContext)
	if err := chain.GetTransportSocket().GetTypedConfig().UnmarshalTo(tls); err != nil {
		return nil, fmt.Errorf("read TLS of chain %s: %w", chain.GetName(), err)
	}
	return tls, nil
}

// secureRoute asserts that requests for the certificate's host lead to echo-v2.
func secureRoute(w *world, s *ads.Snapshot) error {
	host := "safe." + w.member + ".example"
	for name := range s.Routes {
		vh, err := s.VirtualHost(name, host)
		if err != nil {
			continue
		}
		got, err := w.shares(s, ads.Route(vh, at("/")))
		if err != nil {
			return err
		}
		return differs("shares of "+host, got, map[string]float64{"echo-v2": 100})
	}
	return fmt.Errorf("no route configuration knows host %s", host)
}

// serverNames asserts that the certificate is served for its host only.
func serverNames(w *world, s *ads.Snapshot) error {
	l, err := listenerOn(s, 443)
	if err != nil {
		return err
	}
	for _, chain := range l.GetFilterChains() {
		if err := differs("server names", chain.GetFilterChainMatch().GetServerNames(), []string{"safe." + w.member + ".example"}); err != nil {
			return err
		}
	}
	if l.GetDefaultFilterChain() != nil {
		return errors.New("every server name is answered")
	}
	return nil
}

// anyHost asserts that every host of the listener's domain, and no other, is
// routed.
func anyHost(w *world, s *ads.Snapshot) error {
	vh, err := s.VirtualHost("http.80", "*."+w.member+".example")
	if err != nil {
		return err
	}
	got, err := w.shares(s, ads.Route(vh, at("/")))
	if err != nil {
		return err
	}
	if _, err := s.VirtualHost("http.80", "*"); err == nil {
		return errors.New("hosts of other domains are routed")
	}
	return differs("shares", got, map[string]float64{"echo-v2": 100})
}
