package linkerd

import (
	"strings"
	"testing"

	"github.com/meshloom/meshloom/translators"
)

// TestPairs joins the mesh with ingresses as they were seen beside it, or are
// documented: what they can do is given here, as they have no provider yet.
func TestPairs(t *testing.T) {
	onPod := []translators.Place{translators.OnPod}
	pods := map[translators.Dial]translators.Scope{translators.DialPod: translators.Always}
	services := map[translators.Dial]translators.Scope{translators.DialPod: translators.PerService, translators.DialService: translators.PerService}
	membership := translators.Layers{Transport: true, Identity: true, Access: true}
	for _, test := range []struct {
		name  string
		can   translators.JoinAbilities
		needs translators.Layers
		way   string
		mode  translators.PairingMode
		fails string
	}{
		// Seen: 74.8 to 25.2 for 75/25, with the outside host.
		{name: "Envoy Gateway, Service address", can: translators.JoinAbilities{Marks: onPod, Dial: services}, needs: everyLayer, way: "Proxy", mode: translators.Thin},
		// Seen: 74.1 to 25.9.
		{name: "Traefik, Service address", can: translators.JoinAbilities{Marks: onPod, Dial: services, Host: translators.PerRoute}, needs: everyLayer, way: "Proxy", mode: translators.Thin},
		// Seen: 50 to 50.
		{name: "Traefik, pod addresses", can: translators.JoinAbilities{Marks: onPod, Dial: pods, Host: translators.PerRoute}, needs: everyLayer, fails: "splits are lost without a word"},
		{name: "Traefik, pod addresses, nothing to split", can: translators.JoinAbilities{Marks: onPod, Dial: pods}, needs: membership, way: "Connection", mode: translators.Thin},
		{name: "pod addresses and the header", can: translators.JoinAbilities{Marks: onPod, Dial: pods, Header: translators.PerRoute}, needs: everyLayer, way: "IngressMode", mode: translators.Thin},
		{name: "a header that is the same for all", can: translators.JoinAbilities{Marks: onPod, Dial: pods, Header: translators.PerGateway}, needs: everyLayer, fails: "cannot set the header"},
		{name: "routes that carry the split to pods", can: translators.JoinAbilities{Marks: onPod, Dial: pods, Inline: translators.Layers{Routing: true, Request: true, Destination: true}}, needs: everyLayer, way: "Connection", mode: translators.Inlined},
		{name: "Istio's gateway, which lets no proxy in", can: translators.JoinAbilities{Dial: pods, Inline: everyLayer}, needs: everyLayer, fails: "linkerd.io/inject"},
		{name: "an ingress outside the mesh", can: translators.JoinAbilities{Dial: services}, needs: membership, fails: "linkerd.io/inject"},
	} {
		t.Run(test.name, func(t *testing.T) {
			mesh, ingress := Provider(), translators.Provider{Name: "Ingress", Joinable: &test.can}
			p := translators.Join(&mesh, translators.Env{}, &ingress, translators.Env{}, test.needs)
			if test.fails != "" {
				if p.Mode != "" || len(p.Issues) != 1 || !strings.Contains(p.Issues[0].Message, test.fails) {
					t.Fatalf("pairing %+v, want an issue that says %q", p, test.fails)
				}
				return
			}
			if p.Mode != test.mode || p.Way != test.way || len(p.Issues) > 0 || !p.MTLS {
				t.Errorf("pairing %+v, want %s by %q", p, test.mode, test.way)
			}
			// The mesh knows the Service by its address or by the header alone.
			if p.ByMesh.Routing && p.Dial != translators.DialService && p.Header == "" {
				t.Errorf("nothing tells the mesh which Service is meant: %+v", p)
			}
			if p.Host == translators.HostService {
				t.Error("the host is changed for nothing")
			}
		})
	}
}
