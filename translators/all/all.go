// Package all lists the providers: the one place that knows which meshes and
// ingresses there are.
package all

import (
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/consul"
	"github.com/meshloom/meshloom/translators/istio"
	"github.com/meshloom/meshloom/translators/linkerd"
)

// Providers returns every provider, in the order in which tables show them.
// The result is the caller's own.
func Providers() []translators.Provider {
	return []translators.Provider{istio.Provider(), linkerd.Provider(), consul.Provider()}
}
