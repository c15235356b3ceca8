package istio

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

func TestLifetime(t *testing.T) {
	for values, want := range map[string]time.Duration{
		"": 24 * time.Hour,
		`{"meshConfig":{"defaultConfig":{"proxyMetadata":{"SECRET_TTL":"2h"}}}}`: 2 * time.Hour,
		// Pods learn the roots of istiod no faster.
		`{"meshConfig":{"defaultConfig":{"proxyMetadata":{"SECRET_TTL":"10s"}}}}`:  90 * time.Second,
		`{"meshConfig":{"defaultConfig":{"proxyMetadata":{"SECRET_TTL":"soon"}}}}`: 24 * time.Hour,
		`{"meshConfig":[]}`: 24 * time.Hour,
		`[]`:                24 * time.Hour,
	} {
		req := install.MeshRequest{Mesh: "shop", Namespace: "istio-system"}
		if values != "" {
			req.Spec.Helm = &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: []byte(values)}}
		}
		if got := trust().Lifetime(req); got != want {
			t.Errorf("lifetime with values %q is %s, want %s", values, got, want)
		}
	}
}
