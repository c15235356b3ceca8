package linkerd

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/meshloom/meshloom/install"
)

const (
	// issuerSecret is where the identity controller takes its certificate and
	// key from, in the words of kubernetes.io/tls.
	issuerSecret = "linkerd-identity-issuer"
	issuerScheme = "kubernetes.io/tls"
	// issuance is how long a certificate of a proxy lives, where nothing says
	// otherwise, and drift what it lives longer for clocks that differ.
	issuance = 24 * time.Hour
	drift    = 20 * time.Second
	// refresh is how long a kubelet takes to bring a changed Secret into a pod:
	// it looks each minute, give or take half of one.
	refresh = 90 * time.Second
)

// trust says that the identity controller takes its issuer from a Secret, of
// which it reads a change at once, and the roots with the values of its chart,
// as every proxy does with its pod. So a key is in no values and in no release of
// Helm, and a root is introduced by restarts.
func trust() *install.Trust {
	return &install.Trust{
		Secret:      issuerSecret,
		Entries:     install.TrustEntries{Certificate: "tls.crt", Key: "tls.key", Chain: "tls.crt", Roots: "ca.crt"},
		Lifetime:    lifetime,
		Propagation: refresh + 30*time.Second,
		Noted:       func(roots []byte) string { return noted(string(roots)) },
		OnlyP256:    true,
	}
}

// anchors are roots as the value of the chart: what pods note is the sum of
// this text, and of the one that the chart makes of it, which must be the same.
func anchors(roots string) string { return strings.TrimSpace(roots) }

// noted is what the injector writes on a pod of the roots that it gave it.
func noted(roots string) string {
	sum := sha256.Sum256([]byte(anchors(roots)))
	return hex.EncodeToString(sum[:])
}

// lifetime is how long certificates of proxies live.
func lifetime(req install.MeshRequest) time.Duration {
	own, _ := install.UserValues(sourceOf(req), req.Spec.Helm, codeValues)
	return max(durationAt(own, "identity.issuer.issuanceLifetime", issuance), refresh) +
		durationAt(own, "identity.issuer.clockSkewAllowance", drift)
}

// durationAt reads the duration at a path of values; otherwise where there is
// none.
func durationAt(values map[string]any, path string, otherwise time.Duration) time.Duration {
	value, _ := install.LookUp(values, path)
	text, _ := value.(string)
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return otherwise
}
