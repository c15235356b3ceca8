package istio

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// maxCertificates is how many certificates a server of a Gateway serves.
const maxCertificates = 2

// translateGateway writes one Gateway for each listener, in the namespace of
// the pods that serve it, where Istio looks for the certificates too. One for
// each keeps the routes of a listener off the others: a VirtualService is
// bound to a whole Gateway.
func translateGateway(_ translators.Env, u *ir.GatewayUnit, _ translators.Pairing) translators.Result {
	var result translators.Result
	if u.Workload == nil || len(u.Workload.Selector) == 0 {
		result.Issues = append(result.Issues, finding{Source: u.Source, Code: codeNoWorkload}.Issue(
			ir.EffectWithheld, v1alpha1.ReasonNotInstalled,
			"no Service %s with a selector was found, here or in the controller's namespace: install Istio's gateway chart under that name", u.Name))
		return result
	}
	for i := range u.Listeners {
		l := &u.Listeners[i]
		server := &networking.Server{
			Port:  &networking.Port{Number: unsigned(l.Port), Name: fmt.Sprintf("%s-%d", strings.ToLower(string(l.Protocol)), l.Port), Protocol: string(l.Protocol)},
			Hosts: []string{u.Namespace + "/" + listenerHost(l)},
		}
		if l.Protocol == ir.ListenerHTTPS {
			tls, issues := serverTLS(u, l)
			result.Issues = append(result.Issues, issues...)
			if tls == nil {
				continue
			}
			server.Tls = tls
		}
		result.Objects = append(result.Objects, object(&networkingv1.Gateway{
			TypeMeta:   typeMeta(gatewayKind),
			ObjectMeta: objectMeta(u.Workload.Namespace, gatewayObject(u, l)),
			Spec:       networking.Gateway{Selector: u.Workload.Selector, Servers: []*networking.Server{server}},
		}, []ir.Source{u.Source}))
	}
	return result
}

// served says whether the listener gets a Gateway, to which routes can be bound.
func served(u *ir.GatewayUnit, l *ir.Listener) bool {
	if l.Protocol != ir.ListenerHTTPS {
		return true
	}
	tls, _ := serverTLS(u, l)
	return tls != nil
}

// gatewayObject is the name of a listener's Gateway. Istio wants a DNS label.
func gatewayObject(u *ir.GatewayUnit, l *ir.Listener) string {
	return uniqueName(u.Namespace, u.Name, l.Name)
}

func listenerHost(l *ir.Listener) string {
	if l.Hostname == "" {
		return "*"
	}
	return l.Hostname
}

// serverTLS names the certificates, or returns nil where none can be served:
// then the listener is left out, so that nothing is served in the clear.
func serverTLS(u *ir.GatewayUnit, l *ir.Listener) (*networking.ServerTLSSettings, []ir.Issue) {
	var issues []ir.Issue
	var names []string
	for _, c := range l.Certificates {
		if c.Namespace != u.Workload.Namespace {
			issues = append(issues, finding{Source: c.Source, Feature: ir.GatewayForeignCert, Code: codeCertificate}.Issue(
				ir.EffectUnresolved, v1alpha1.ReasonInvalidCertificateRef,
				"Secret %s/%s cannot be read by the gateway, whose pods run in namespace %s: put the Secret there", c.Namespace, c.Name, u.Workload.Namespace))
			continue
		}
		names = append(names, c.Name)
	}
	if len(names) > maxCertificates {
		issues = append(issues, finding{Source: l.Source, Feature: ir.GatewayManyCerts, Code: codeInexpressible}.Reject(
			"listener %s has %d certificates, and Istio serves at most two: use a listener for each hostname", l.Name, len(names)))
		return nil, issues
	}
	tls := &networking.ServerTLSSettings{Mode: networking.ServerTLSSettings_SIMPLE}
	switch len(names) {
	case 0:
		return nil, issues
	case 1:
		tls.CredentialName = names[0]
	default:
		tls.CredentialNames = names
	}
	return tls, issues
}
