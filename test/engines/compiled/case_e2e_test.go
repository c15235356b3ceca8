//go:build e2e

package compiled

import (
	"slices"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

// place is where routes and policies are in force: a column of the capability
// matrix.
type place struct {
	variant string
	// holder is the kind that holds a case's rules; its object is called shop.
	holder string
	// head and tail are the object around the rules.
	head, tail string
	// port is the route configuration that the rules end up in.
	port string
}

// The columns. Rules that match nothing leave a request to echo-v1.
var (
	inMesh = place{
		variant: "istio-sidecar", holder: "TrafficSplit", port: "8080",
		head: `
apiVersion: meshloom.io/v1alpha1
kind: TrafficSplit
metadata: {name: shop}
spec:
  service: {name: echo}
  rules:
`,
		tail: `
  backendRefs: [{name: echo-v1, port: 8080}]
`,
	}
	atGateway = place{
		variant: "istio-gateway", holder: "GatewayRoute", port: "http.80",
		head: `
apiVersion: meshloom.io/v1alpha1
kind: GatewayRoute
metadata: {name: shop}
spec:
  parentRefs: [{name: public, namespace: $edge, sectionName: web}]
  hostnames: [shop.$member.example]
  rules:
`,
		tail: `
  - {name: rest, backendRefs: [{name: echo-v1, port: 8080}]}
`,
	}
	both = []place{inMesh, atGateway}
)

// compiled is one case: what a user writes, and what proxies have to be told.
type compiled struct {
	name   string
	places []place
	// rules are items of a list in the holder of the place; a case without
	// rules has no holder.
	rules string
	// objects are further ones, with $holder for the kind that holds the rules.
	// They replace objects of the same name in the base.
	objects string
	// before is in force before the case is, where the assertions would hold
	// by Istio's own defaults.
	before string
	checks []check
}

// check is one assertion.
type check struct {
	feature ir.Feature
	at      seat
	holds   func(*world, *ads.Snapshot) error
}

// seat is the proxy that is asked.
type seat string

const (
	// caller is the client's sidecar or the gateway, as the place has it.
	caller seat = ""
	// server is the sidecar of echo-v1.
	server seat = "server"
	// neighbour is the sidecar of a member that no object is about.
	neighbour seat = "neighbour"
)

// manifest is all that the case adds to the base, at a place.
func (c *compiled) manifest(p *place) string {
	text := c.objects
	if c.rules != "" {
		text += "\n---\n" + p.head + c.rules + p.tail
	}
	return text
}

// cases are all of them.
func cases() []compiled {
	return slices.Concat(routing(), filters(), requests(), destinations(), access(), meshWide(), external(), gateways())
}
