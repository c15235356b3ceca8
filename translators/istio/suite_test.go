package istio_test

import (
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/istio"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func TestSuite(t *testing.T) {
	translatortest.Run(t, translatortest.Suite{
		Provider:    istio.Provider(),
		Definitions: translatortest.Definitions(t, "", "istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
		Envs: []translators.Env{
			{Variant: istio.VariantSidecar, Version: "1.29.4"},
			{Variant: istio.VariantSidecar, Facts: map[string]string{istio.FactRevision: "1-30"}},
			{Variant: istio.VariantGateway, Version: "1.31.0"},
		},
		Implicit: map[ir.Feature]string{
			ir.AccessDefaultAllow: "without a policy everybody is admitted",
		},
	})
}
