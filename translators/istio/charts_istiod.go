package istio

import (
	"cmp"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// defaultTrustDomain is Istio's own.
const defaultTrustDomain = "cluster.local"

// istiodValues are the values of a control plane before the user's own. The
// README of this folder says why each is there.
//
// Those of istiod itself stand at the top, not below "pilot": the chart lays
// what is below over what is at the top, so that the user's values win in
// either place.
func istiodValues(req install.MeshRequest) map[string]any {
	meshConfig := map[string]any{
		"trustDomain": trustDomain(req.Spec),
		"defaultConfig": map[string]any{
			"holdApplicationUntilProxyStarts": true,
			"proxyMetadata":                   drainEnv(),
		},
	}
	if len(req.Neighbours) > 0 {
		meshConfig["discoverySelectors"] = discovery(req)
	}
	values := map[string]any{
		"revision":              revisionValue(req.Revision),
		"global":                map[string]any{"istioNamespace": req.Namespace},
		"meshConfig":            meshConfig,
		"rollingMaxSurge":       "100%",
		"rollingMaxUnavailable": int64(0),
		"env":                   map[string]any{"ISTIO_MULTIROOT_MESH": "true"},
	}
	if isAmbient(req) {
		values["profile"] = profileAmbient
	}
	return values
}

// drainEnv is the environment of a proxy that goes on serving after it was told
// to end: for a while in any case, so that all others hear of it, and then as
// long as somebody is connected.
func drainEnv() map[string]any {
	return map[string]any{"EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true", "MINIMUM_DRAIN_DURATION": "10s"}
}

func trustDomain(spec v1alpha1.MeshSpec) string {
	if spec.Trust == nil {
		return defaultTrustDomain
	}
	return cmp.Or(string(spec.Trust.Domain), defaultTrustDomain)
}

// discovery are the namespaces that a control plane beside others looks at:
// its members, those of its gateways, and its own.
func discovery(req install.MeshRequest) []any {
	labelled := func(key, value string) any {
		return map[string]any{"matchLabels": map[string]any{key: value}}
	}
	return []any{
		labelled(v1alpha1.LabelMesh, req.Mesh),
		labelled(v1alpha1.LabelGatewayMesh, req.Mesh),
		labelled("kubernetes.io/metadata.name", req.Namespace),
	}
}
