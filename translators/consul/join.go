package consul

import "github.com/meshloom/meshloom/translators"

// ways are the ways for an ingress to take part in the mesh, by its docs; none of
// them was run here. Consul's proxies go by the address that is dialled, never by
// Host, and an intention has to admit the ingress by the name of its Service,
// which its ServiceAccount must have, too.
func ways() []translators.Way {
	every := translators.Layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}
	return []translators.Way{
		{
			Name:      "Proxy",
			Marks:     ingressMarks(),
			Dial:      translators.DialService,
			Host:      translators.HostKept,
			Gives:     every,
			Otherwise: translators.Refused,
			Notes: []string{
				"the ServiceAccount of the ingress has the name of its Service; its pods exclude the ports that clients reach " +
					"(consul.hashicorp.com/transparent-proxy-exclude-inbound-ports) and the addresses of the Kubernetes API " +
					"(consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs)",
			},
		},
	}
}

// ingressMarks are those of the pods of an ingress: a proxy for what it sends.
func ingressMarks() []translators.Mark {
	return []translators.Mark{
		{Place: translators.OnPod, Annotation: true, Key: "consul.hashicorp.com/connect-inject", Value: "true"},
	}
}
