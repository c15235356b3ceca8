package linkerd_test

import (
	"slices"
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/linkerd"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func TestSuite(t *testing.T) {
	translatortest.Run(t, translatortest.Suite{
		Provider: linkerd.Provider(),
		Definitions: slices.Concat(
			translatortest.Definitions(t, "", "sigs.k8s.io/gateway-api", "config/crd/standard/*_httproutes.yaml", "config/crd/experimental/*_tlsroutes.yaml"),
			translatortest.SharedDefinitions(t, "linkerd.yaml"),
		),
		Undefined: map[string]string{"policy.linkerd.io": "no Go module has Linkerd's CustomResourceDefinitions"},
		Envs:      []translators.Env{{Variant: linkerd.Variant, Version: "2.18.0"}},
		Elsewhere: map[ir.Feature]ir.UnitKind{ir.RateLimitLocal: ir.KindAccess},
		Implicit: map[ir.Feature]string{
			ir.DenyUnidentified:   "what admits by identity admits nobody without one",
			ir.MTLSModePermissive: "Linkerd accepts plaintext unless it is told otherwise",
			ir.ExternalDNS:        "Linkerd goes to the address that the caller dialled",
			ir.ExternalNone:       "Linkerd goes to the address that the caller dialled",
		},
	})
}
