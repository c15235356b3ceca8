package mesh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/status"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// TestFactsThatNobodySees shows that a Mesh's annotations say what cannot be
// observed, and that one which the provider does not read is told.
func TestFactsThatNobodySees(t *testing.T) {
	m := &v1alpha1.Mesh{ObjectMeta: metav1.ObjectMeta{Name: "shop", Generation: 1, Annotations: map[string]string{
		v1alpha1.FactPrefix + "probeNetworks": "10.0.0.0/24", v1alpha1.FactPrefix + "probNetworks": "typo", "other": "x",
	}}}
	m.Spec = v1alpha1.MeshSpec{Provider: "Linkerd", Mode: v1alpha1.ModeAdopted}
	api := &v1alpha1.ObservedGatewayAPI{Version: "1.5.1", Channel: "standard"}
	seen := Seen{
		Offered: true, Observation: &translators.Observation{Ready: true, Env: translators.Env{Variant: "linkerd"}},
		Facts: []translators.Fact{{Name: "probeNetworks"}}, GatewayAPI: api,
	}
	ref := ir.Ref{Kind: "Mesh", Name: "shop"}
	next, ok := Status(status.Subject{Ref: ref, Object: m, Now: metav1.Unix(1, 0)}, seen).(*v1alpha1.Mesh)
	if !ok {
		t.Fatal("no Mesh")
	}
	want := &v1alpha1.ObservedEnv{Variant: "linkerd", GatewayAPI: api, Facts: []v1alpha1.ObservedFact{{Name: "probeNetworks", Value: "10.0.0.0/24"}}}
	if diff := cmp.Diff(want, next.Status.Env); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
	told := ""
	for _, c := range next.Status.Conditions {
		if c.Type == string(v1alpha1.ConditionPartiallySupported) {
			told = c.Message
		}
	}
	if !strings.Contains(told, v1alpha1.FactPrefix+"probNetworks") || !strings.Contains(told, "it reads: probeNetworks") {
		t.Errorf("the misspelt fact is told as %q", told)
	}
	if seen.Observation.Env.Facts != nil {
		t.Error("what was observed was changed")
	}
}
