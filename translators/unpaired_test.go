package translators_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
)

// TestUnpaired holds what is said where no way can be gone: each obstacle and
// each outcome once, and the remedy last.
func TestUnpaired(t *testing.T) {
	const remedy = "; choose another ingress, or remove meshRef to have a plain one (see meshctl pairings)"
	inject := []mark{{Place: translators.OnPod, Key: "inject"}}
	three := &translators.Provider{Name: "Mesh", Joins: []translators.Way{
		{Name: "A", Marks: inject, Dial: translators.DialService, Host: translators.HostAny, Gives: all, Otherwise: translators.SplitLost},
		{Name: "B", Marks: inject, Dial: translators.DialAny, Header: "to", Host: translators.HostService, Gives: all, Otherwise: translators.Plaintext},
		{Name: "C", Marks: inject, Dial: translators.DialService, Header: "to", Host: translators.HostService, Gives: all, Otherwise: translators.SplitLost},
	}}
	nothing := ingress("Ingress", translators.JoinAbilities{})
	for name, c := range map[string]struct {
		mesh, ingress *translators.Provider
		want          string
	}{
		"one way": {consul, istioGateway, "Istio cannot take part in Consul: it lets nobody set consul.hashicorp.com/connect-inject on its Pod, " +
			"it cannot connect to the address of the Service; without that, the mesh refuses the requests"},
		"ways that share an obstacle": {linkerd, istioGateway, "Istio cannot take part in Linkerd: it lets nobody set linkerd.io/inject on its Pod; " +
			"by Proxy, it cannot connect to the address of the Service; without that, the mesh's traffic splits are lost without a word"},
		"ways that share none": {istioSidecar, ingress("Ingress", translators.JoinAbilities{Marks: onPod}), "Ingress cannot take part in Istio: " +
			"by Sidecar, it cannot replace the Host header by the Service's name; by Certificate, it does not speak IstioMTLS, " +
			"neither the mesh nor its routes would provide traffic splits, timeouts, retries and faults, outlier detection, connection pools and load balancing" +
			"; without that, by Sidecar the mesh refuses the requests, by Certificate the requests go in plaintext and past the mesh's policies"},
		"obstacles of some ways": {three, nothing, "Ingress cannot take part in Mesh: it lets nobody set inject on its Pod; " +
			"by A, C, it cannot connect to the address of the Service; " +
			"by B, C, it cannot replace the Host header by the Service's name, it cannot set the header to to the Service's address; " +
			"without that, by A, C the mesh's traffic splits are lost without a word, by B the requests go in plaintext and past the mesh's policies"},
		"no way": {linkerd, strange, "Strange cannot take part in Linkerd: it has no way into this mesh"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				p := translators.Join(c.mesh, translators.Env{}, c.ingress, translators.Env{}, all)
				if len(p.Issues) != 1 {
					t.Fatalf("pairing %+v, want one issue", p)
				}
				if diff := cmp.Diff(c.want+remedy, p.Issues[0].Message); diff != "" {
					t.Errorf("message (-want +got):\n%s", diff)
				}
			}
		})
	}
}
