package istio

import (
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/translators/ir"
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
	own, _ := install.UserValues(sourceOf(req), req.Spec.Helm, codeValues)
	return max(askedTTL(own), refresh)
}

// askedTTL is how long a certificate lives that a proxy asks for.
func askedTTL(own map[string]any) time.Duration {
	if ttl, ok := durationAt(own, "meshConfig.defaultConfig.proxyMetadata.SECRET_TTL"); ok {
		return ttl
	}
	return secretTTL
}

// durationAt reads the duration at a path of values.
func durationAt(values map[string]any, path string) (time.Duration, bool) {
	value, _ := install.LookUp(values, path)
	text, _ := value.(string)
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// tooLong refuses lifetimes that are longer than istiod signs: no proxy would get a
// certificate.
func tooLong(source ir.Source, own map[string]any) []ir.Issue {
	var issues []ir.Issue
	for _, path := range []string{"env.MAX_WORKLOAD_CERT_TTL", "pilot.env.MAX_WORKLOAD_CERT_TTL"} {
		limit, ok := durationAt(own, path)
		if asked := askedTTL(own); ok && limit < asked {
			issues = append(issues, finding{Source: source.At("spec.helm.values." + path), Code: codeValues}.Issue(
				ir.EffectRejected, v1alpha1.ReasonInvalid,
				"istiod would sign for at most %s, and proxies ask for %s, so none would get a certificate: set meshConfig.defaultConfig.proxyMetadata.SECRET_TTL to %[1]s or less, too", limit, asked))
		}
	}
	return issues
}
