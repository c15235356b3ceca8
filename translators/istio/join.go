package istio

import "github.com/meshloom/meshloom/translators"

// ways are the ways for an ingress to take part in the mesh. Those of sidecars
// were seen with counted requests.
func ways() []translators.Way { return append(ambientWays(), sidecarWays()...) }

func sidecarWays() []translators.Way {
	return []translators.Way{
		{
			// Istio's own gateway speaks mutual TLS under its own identity and
			// reads DestinationRules, but no VirtualService of the sidecars.
			Name:      "Gateway",
			When:      withSidecars,
			Native:    Name,
			Dial:      translators.DialAny,
			Host:      translators.HostAny,
			Gives:     translators.Layers{Transport: true, Identity: true, Destination: true, Access: true},
			Otherwise: translators.SplitLost,
		},
		{
			// An ingress with a sidecar, which captures what it sends and routes
			// by Host, whatever address was dialled.
			Name: "Sidecar",
			When: withSidecars,
			Marks: []translators.Mark{
				{Place: translators.OnPod, Key: "sidecar.istio.io/inject", Value: "true"},
				{Place: translators.OnPod, Annotation: true, Key: "traffic.sidecar.istio.io/includeInboundPorts", Value: ""},
			},
			Dial: translators.DialAny,
			Host: translators.HostService,
			Gives: translators.Layers{
				Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true,
			},
			Otherwise: translators.Refused,
			Notes: []string{
				"applications see the Service's own name as Host; the one that the client sent is in X-Forwarded-Host where the ingress sets it",
			},
		},
	}
}

// joinable is what Istio's gateway can do to take part in a mesh: it lets no
// other proxy into its pods, and its routes carry whatever a VirtualService
// can.
func joinable() *translators.JoinAbilities {
	return &translators.JoinAbilities{
		Dial:        map[translators.Dial]translators.Scope{translators.DialPod: translators.Always},
		Host:        translators.PerBackend,
		Header:      translators.PerBackend,
		Inline:      translators.Layers{Routing: true, Request: true},
		OwnIdentity: true,
	}
}
