package linkerd

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

func TestLifetime(t *testing.T) {
	for values, want := range map[string]time.Duration{
		"": 24*time.Hour + 20*time.Second,
		`{"identity":{"issuer":{"issuanceLifetime":"12h0m0s"}}}`: 12*time.Hour + 20*time.Second,
		// Certificates live longer by what clocks may differ.
		`{"identity":{"issuer":{"clockSkewAllowance":"1m"}}}`: 24*time.Hour + time.Minute,
		// The identity controller learns its issuer no faster.
		`{"identity":{"issuer":{"issuanceLifetime":"10s"}}}`:  110 * time.Second,
		`{"identity":{"issuer":{"issuanceLifetime":"soon"}}}`: 24*time.Hour + 20*time.Second,
		`{"identity":[]}`: 24*time.Hour + 20*time.Second,
		`[]`:              24*time.Hour + 20*time.Second,
	} {
		req := install.MeshRequest{Mesh: "shop", Namespace: "linkerd"}
		if values != "" {
			req.Spec.Helm = &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: []byte(values)}}
		}
		if got := trust().Lifetime(req); got != want {
			t.Errorf("lifetime with values %q is %s, want %s", values, got, want)
		}
	}
}

// TestNotedRoots holds that what is expected on a pod is the sum of the text
// that the chart gets: the injector sums up what the chart made of it, which has
// no space around.
func TestNotedRoots(t *testing.T) {
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // of "abc"
	for _, roots := range []string{"abc", "abc\n", "\nabc\n\n"} {
		if got := trust().Noted([]byte(roots)); got != sum {
			t.Errorf("pods with roots %q note %s, want %s", roots, got, sum)
		}
		if got := controlPlaneValues(install.MeshRequest{Roots: roots})["identityTrustAnchorsPEM"]; got != "abc" {
			t.Errorf("the chart gets %q of %q", got, roots)
		}
	}
}
