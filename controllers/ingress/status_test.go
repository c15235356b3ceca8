package ingress

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

var gateway = ir.Ref{Kind: "IngressGateway", Namespace: "edge", Name: "public"}

// served is the report of a gateway with a pod, under the pairing.
func served(pairing translators.Pairing) *status.Report {
	return &status.Report{
		Key:      ir.Key{Kind: ir.KindGateway, Namespace: "edge", Name: "public"},
		Gateway:  &ir.GatewayWorkload{Addresses: []string{"192.0.2.7", "lb.test"}, Identity: ir.Identity{Namespace: "edge", ServiceAccount: "public"}},
		Pairings: []engine.BackendPairing{{Backend: gateway, Pairing: pairing}},
	}
}

func TestGatewayStatus(t *testing.T) {
	unserved := served(translators.Pairing{Mode: translators.Mixed})
	unserved.Gateway = nil
	cases := map[string]struct {
		plain         bool
		reports       []*status.Report
		paired, ready string
		mode          v1alpha1.PairingMode
		addresses     int
	}{
		"paired": {
			reports: []*status.Report{served(translators.Pairing{Mode: translators.Mixed, MTLS: true})},
			paired:  "Paired", ready: "Ready", mode: v1alpha1.PairingMixed, addresses: 2,
		},
		"plain": {
			plain: true, reports: []*status.Report{served(translators.Pairing{Mode: translators.Plain})},
			paired: "NotPaired", ready: "Ready", addresses: 2,
		},
		"no pod yet":     {reports: []*status.Report{unserved}, paired: "Pending", ready: "Pending", mode: v1alpha1.PairingMixed},
		"not run yet":    {paired: "Pending", ready: "Pending"},
		"mesh not there": {reports: []*status.Report{served(translators.Pairing{Mode: translators.Plain})}, paired: "MeshNotFound", ready: "MeshNotFound", addresses: 2},
		"cannot be paired": {
			reports: []*status.Report{served(translators.Pairing{Mode: translators.Thin, Issues: []ir.Issue{{Message: "no"}}})},
			paired:  "PairingUnsupported", ready: "PairingUnsupported", addresses: 2,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.IngressGateway{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "public", Generation: 2}}
			if !c.plain {
				object.Spec.MeshRef = &v1alpha1.ClusterObjectReference{Name: "shop"}
			}
			next, ok := GatewayStatus(status.Subject{Object: object, Ref: gateway, Reports: c.reports}).(*v1alpha1.IngressGateway)
			if !ok {
				t.Fatal("no status")
			}
			reasons := map[string]string{}
			for _, condition := range next.Status.Conditions {
				reasons[condition.Type] = condition.Reason
			}
			if reasons["Paired"] != c.paired || reasons["Ready"] != c.ready {
				t.Errorf("paired %s, ready %s; want %s, %s", reasons["Paired"], reasons["Ready"], c.paired, c.ready)
			}
			mode := v1alpha1.PairingMode("")
			if next.Status.Pairing != nil {
				mode = next.Status.Pairing.Mode
			}
			if mode != c.mode || len(next.Status.Addresses) != c.addresses {
				t.Errorf("mode %q, %d addresses", mode, len(next.Status.Addresses))
			}
		})
	}
}
