package resolve

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// anyHost is the hostname of listeners and routes that serve every host.
const anyHost = "*"

// listener resolves the i-th listener of a gateway.
func (v *view) listener(gateway *v1alpha1.IngressGateway, i int) ir.Listener {
	spec := &gateway.Spec.Listeners[i]
	source := sourceOf(gateway).At(fmt.Sprintf("spec.listeners[%d]", i))
	listener := ir.Listener{
		Name: string(spec.Name), Port: int32(spec.Port), Protocol: ir.ListenerProtocol(spec.Protocol),
		Hostname: orElse(strings.ToLower(string(spec.Hostname)), anyHost), Source: source,
	}
	if spec.TLS == nil {
		return listener
	}
	for j, ref := range spec.TLS.CertificateRefs {
		at := source.At(fmt.Sprintf("tls.certificateRefs[%d]", j))
		secret := ir.Ref{Kind: kindSecret, Namespace: orElse(string(ref.Namespace), gateway.Namespace), Name: string(ref.Name)}
		if v.certificate(gateway, secret, finding{source: at, target: listenerTarget(gateway, listener.Name)}) {
			listener.Certificates = append(listener.Certificates, ir.Certificate{Namespace: secret.Namespace, Name: secret.Name, Source: at})
		}
	}
	return listener
}

func listenerTarget(gateway *v1alpha1.IngressGateway, name string) ir.Target {
	return ir.Target{Kind: v1alpha1.KindIngressGateway, Namespace: gateway.Namespace, Name: gateway.Name, SectionName: name}
}

// certificate says whether a listener may serve the Secret, and reports why not.
func (v *view) certificate(gateway *v1alpha1.IngressGateway, ref ir.Ref, f finding) bool {
	f.effect, f.code = ir.EffectUnresolved, CodeCertificate
	if !v.granted(grant{fromKind: "Gateway", from: gateway.Namespace, to: ref}) {
		f.code = CodeNotGranted
		v.report(f, "Secret %s/%s is in another namespace, and no ReferenceGrant there lets Gateways of namespace %s refer to it: add one",
			ref.Namespace, ref.Name, gateway.Namespace)
		return false
	}
	if unread := v.store.options.Unread; unread != nil && unread(ref.Namespace) {
		return true // Whoever serves it will say what is wrong with it.
	}
	secret := read[corev1.Secret](v, ref)
	switch {
	case secret == nil:
		v.report(f, "Secret %s/%s does not exist: create it, of type kubernetes.io/tls", ref.Namespace, ref.Name)
	case secret.Type != "" && secret.Type != corev1.SecretTypeTLS:
		v.report(f, "Secret %s/%s is of type %s: use one of type kubernetes.io/tls", ref.Namespace, ref.Name, secret.Type)
	case !readable(secret.Data[corev1.TLSCertKey]):
		v.report(f, "Secret %s/%s holds no readable certificate under tls.crt: put a PEM certificate there", ref.Namespace, ref.Name)
	default:
		return true
	}
	return false
}

// readable says whether PEM data begins with a certificate. Data that was not
// read is taken for good.
func readable(data []byte) bool {
	if len(data) == 0 {
		return true
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return false
	}
	_, err := x509.ParseCertificate(block.Bytes)
	return err == nil
}

// admits says whether allowedRoutes of a listener lets GatewayRoutes of a
// namespace in.
func (v *view) admits(gateway *v1alpha1.IngressGateway, listener *v1alpha1.Listener, namespace string) bool {
	if listener.AllowedRoutes == nil {
		return namespace == gateway.Namespace
	}
	switch from := listener.AllowedRoutes.Namespaces; from.From {
	case v1alpha1.RoutesFromAll:
		return true
	case v1alpha1.RoutesFromSelector:
		return v.namespaceMatches(from.Selector, namespace)
	default:
		return namespace == gateway.Namespace
	}
}

// hostnames returns the hosts of a route on a listener: what both have in
// common, of each pair the more specific one.
func hostnames(listener string, route []v1alpha1.Hostname) []string {
	if len(route) == 0 {
		return []string{listener}
	}
	var common []string
	for _, h := range route {
		host := strings.ToLower(string(h))
		switch {
		case covers(listener, host):
			common = append(common, host)
		case covers(host, listener):
			common = append(common, listener)
		}
	}
	slices.Sort(common)
	return slices.Compact(common)
}

// covers says whether every host of b is one of a. "*.x" stands for all names
// below x.
func covers(a, b string) bool {
	if a == anyHost || a == b {
		return true
	}
	suffix, wildcard := strings.CutPrefix(a, "*")
	return wildcard && strings.HasSuffix(strings.TrimPrefix(b, "*"), suffix) && len(b) > len(suffix)
}
