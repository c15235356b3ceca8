package istio

import (
	"strings"
	"time"

	"github.com/meshloom/meshloom/install"
)

const (
	// secretTTL is how long a certificate of a workload lives, where nothing
	// says otherwise. Proxies ask for a new one when half of it is over.
	secretTTL = 24 * time.Hour
	// refresh is how long a kubelet takes to bring a changed Secret or ConfigMap
	// into a pod: it looks each minute, give or take half of one.
	refresh = 90 * time.Second
)

// trust says that istiod takes its authority from the Secret cacerts. It reads
// the files of its mount anew when they change; changed roots only with the
// environment that istiodValues sets, and only where the one set of roots holds
// all of the other.
func trust() *install.Trust {
	return &install.Trust{
		Secret: "cacerts",
		Entries: install.TrustEntries{
			Certificate: "ca-cert.pem", Key: "ca-key.pem", Chain: "cert-chain.pem", Roots: "root-cert.pem",
		},
		Lifetime:    lifetime,
		Propagation: refresh + 30*time.Second,
	}
}

// lifetime is how long certificates live: what proxies ask for. It is never
// shorter than a pod needs to learn the roots of istiod's own certificate.
func lifetime(req install.MeshRequest) time.Duration {
	own, _ := userValues(sourceOf(req), req.Spec.Helm)
	asked, _ := lookUp(install.MergeValues(istiodValues(req), own), strings.Split("meshConfig.defaultConfig.proxyMetadata.SECRET_TTL", "."))
	text, _ := asked.(string)
	ttl, err := time.ParseDuration(text)
	if err != nil {
		ttl = secretTTL
	}
	return max(ttl, refresh)
}
