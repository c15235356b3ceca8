package engine_test

import (
	"testing"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/translators"
)

func TestStoreOptionsKnowTheUsualPlaces(t *testing.T) {
	options := engine.StoreOptions([]translators.Provider{
		{Name: "A"},
		{Name: "B", Usual: translators.Location{ControlPlaneNamespace: "b-mesh", ControllerNamespace: "b-edge", GatewayClass: "b"}},
	})
	if got := options.ControlPlaneNamespace("B"); got != "b-mesh" {
		t.Errorf("control plane in %q", got)
	}
	if namespace, class := options.Controller("B"); namespace != "b-edge" || class != "b" {
		t.Errorf("controller in %q with class %q", namespace, class)
	}
	for _, unknown := range []string{"A", "C"} {
		if got := options.ControlPlaneNamespace(unknown); got != "" {
			t.Errorf("control plane of %s in %q", unknown, got)
		}
	}
}
