package consul_test

import (
	"testing"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/consul"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/translatortest"
)

func TestSuite(t *testing.T) {
	translatortest.Run(t, translatortest.Suite{
		Provider:    consul.Provider(),
		Definitions: translatortest.SharedDefinitions(t, "consul-k8s.yaml"),
		Envs:        []translators.Env{{Variant: consul.Variant, Version: "1.22.2"}},
		Undefined:   map[string]string{"consul.hashicorp.com": "no Go module serves its definitions"},
		Implicit: map[ir.Feature]string{
			ir.AccessPorts:        "a rule for the one port that a pod registers is a rule for all that reaches it",
			ir.DenyUnidentified:   "callers without an identity never pass Consul's proxies",
			ir.MTLSModePermissive: "Services stay strict, with an Issue, where access.default is not Allow",
		},
	})
}
