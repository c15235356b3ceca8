package istio

import "github.com/meshloom/meshloom/translators"

// ambientWays are the ways for an ingress to take part in a mesh in ambient mode.
// What they give is read in Istio's source and docs; no request was counted.
func ambientWays() []translators.Way {
	return []translators.Way{
		{
			// Istio's own gateway speaks HBONE under its own identity. The label
			// istio.io/ingress-use-waypoint, which member namespaces have, sends
			// it by the waypoint.
			Name:      "Waypoint",
			When:      withoutSidecars,
			Native:    Name,
			Dial:      translators.DialAny,
			Host:      translators.HostAny,
			Gives:     everything(),
			Otherwise: translators.SplitLost,
		},
		{
			// An ingress whose pods ztunnel captures: what it sends to the address
			// of a Service goes by the waypoint, whatever its Host.
			Name:      "Ambient",
			When:      withoutSidecars,
			Marks:     []translators.Mark{{Place: translators.OnPod, Key: labelDataPlane, Value: dataPlaneAmbient}},
			Dial:      translators.DialService,
			Host:      translators.HostAny,
			Gives:     everything(),
			Otherwise: translators.SplitLost,
			Notes: []string{
				"requests to the address of a pod go past the waypoint: no split and no timeout is in force for them, and access policies that speak of requests refuse them",
			},
		},
	}
}

func everything() translators.Layers {
	return translators.Layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}
}

func withoutSidecars(env translators.Env) bool { return env.Variant == VariantAmbient }

func withSidecars(env translators.Env) bool { return !withoutSidecars(env) }
