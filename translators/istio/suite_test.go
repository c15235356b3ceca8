package istio_test

import (
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/istio"
	"github.com/meshloom/meshloom/translators/translatortest"
)

// only returns the provider with those of its variants that are wanted.
func only(wanted func(translators.Variant) bool) translators.Provider {
	provider := istio.Provider()
	provider.Variants = slices.DeleteFunc(provider.Variants, func(v translators.Variant) bool { return !wanted(v) })
	return provider
}

func isAmbient(v translators.Variant) bool { return v.Name == istio.VariantAmbient }

// definitions are those of Istio, and of the Gateway API with the fields of its
// experimental channel.
func definitions(t *testing.T) []*apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	return append(translatortest.Definitions(t, "", "istio.io/api", "kubernetes/customresourcedefinitions.gen.yaml"),
		translatortest.Definitions(t, "", "sigs.k8s.io/gateway-api",
			"config/crd/experimental/gateway.networking.k8s.io_gateways.yaml", "config/crd/experimental/gateway.networking.k8s.io_httproutes.yaml")...)
}

func TestSuite(t *testing.T) {
	translatortest.Run(t, translatortest.Suite{
		Provider:    only(func(v translators.Variant) bool { return !isAmbient(v) }),
		Definitions: definitions(t),
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

func TestAmbientSuite(t *testing.T) {
	translatortest.Run(t, translatortest.Suite{
		Provider:    only(isAmbient),
		Definitions: definitions(t),
		Dir:         "testdata/ambient",
		Envs: []translators.Env{
			{Variant: istio.VariantAmbient, GatewayAPI: translators.GatewayAPI{Version: "v1.6.1", Channel: "experimental"}},
			{Variant: istio.VariantAmbient, Version: "1.29.4", GatewayAPI: translators.GatewayAPI{Version: "v1.4.1", Channel: "standard"}},
			{Variant: istio.VariantAmbient, Facts: map[string]string{istio.FactRevision: "1-31"}},
		},
		Implicit: map[ir.Feature]string{
			ir.AccessDefaultAllow: "without a policy everybody is admitted",
			ir.EgressDefaultAllow: "ztunnel lets out what it does not know",
		},
	})
}
