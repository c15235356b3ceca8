package linkerd

import "github.com/meshloom/meshloom/translators"

// annotationInject is by which the injector knows a pod, or all pods of a
// namespace.
const annotationInject = "linkerd.io/inject"

// The values of annotationInject by which a pod gets a proxy.
const (
	injectEnabled = "enabled"
	// injectIngress has the proxy go by headerDestination.
	injectIngress = "ingress"
)

// headerDestination names the Service, as <service>.<namespace>.svc.<domain>:<port>,
// that a proxy in ingress mode sends a request to.
const headerDestination = "l5d-dst-override"

// ways are the ways for an ingress to take part in the mesh. The first was seen
// with counted requests; so was what becomes of the split without it.
//
// Linkerd goes by the address that is dialled, never by Host. What the
// ingress's own clients open is not theirs to capture, so that it keeps their
// addresses and their TLS.
func ways() []translators.Way {
	membership := translators.Layers{Transport: true, Identity: true, Access: true}
	return []translators.Way{
		{
			Name:      "Proxy",
			Marks:     ingressMarks(injectEnabled),
			Dial:      translators.DialService,
			Host:      translators.HostKept,
			Gives:     everyLayer,
			Otherwise: translators.SplitLost,
		},
		{
			// The proxy strips the header before it sends the request on. Who sets
			// it must replace what a client sent, who could choose the Service else.
			Name:      "IngressMode",
			Marks:     ingressMarks(injectIngress),
			Dial:      translators.DialAny,
			Host:      translators.HostKept,
			Header:    headerDestination,
			Gives:     everyLayer,
			Otherwise: translators.SplitLost,
			Notes: []string{
				"a client that could send the header " + headerDestination + " would choose the Service: each route replaces it",
			},
		},
		{
			// To the address of a pod there is mutual TLS and no more.
			Name:      "Connection",
			Marks:     ingressMarks(injectEnabled),
			Dial:      translators.DialAny,
			Host:      translators.HostKept,
			Gives:     membership,
			Otherwise: translators.Plaintext,
		},
	}
}

var everyLayer = translators.Layers{
	Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true,
}

// ingressMarks are those of the pods of an ingress: a proxy for what it sends,
// none for what it gets.
func ingressMarks(mode string) []translators.Mark {
	return []translators.Mark{
		{Place: translators.OnPod, Annotation: true, Key: annotationInject, Value: mode},
		{Place: translators.OnPod, Annotation: true, Key: "config.linkerd.io/skip-inbound-ports", Value: "1-65535"},
	}
}
