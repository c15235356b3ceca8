package translators

import (
	"fmt"
	"strconv"
	"strings"
)

// The channels of the Gateway API.
const (
	ChannelStandard     = "standard"
	ChannelExperimental = "experimental"
)

// The releases 1.x of the Gateway API whose bundles are known.
const oldestBundle, newestBundle = 2, 6

// servings are the versions of kinds that bundles serve: from which release 1.x
// on in the experimental channel, and in the standard one, where 0 is never. A
// version that a bundle has and does not serve is not there. What release 1.2
// alone had, BackendLBPolicy, is left out.
var servings = []struct {
	version                string
	experimental, standard int
}{
	{"BackendTLSPolicy/v1", 4, 4},
	{"BackendTLSPolicy/v1alpha3", 2, 0},
	{"GRPCRoute/v1", 2, 2},
	{"Gateway/v1", 2, 2},
	{"Gateway/v1beta1", 2, 2},
	{"GatewayClass/v1", 2, 2},
	{"GatewayClass/v1beta1", 2, 2},
	{"HTTPRoute/v1", 2, 2},
	{"HTTPRoute/v1beta1", 2, 2},
	{"ListenerSet/v1", 5, 5},
	{"ReferenceGrant/v1", 5, 5},
	{"ReferenceGrant/v1beta1", 2, 2},
	{"TCPRoute/v1", 6, 6},
	{"TCPRoute/v1alpha2", 2, 0},
	{"TLSRoute/v1", 5, 5},
	{"TLSRoute/v1alpha2", 2, 0},
	{"TLSRoute/v1alpha3", 4, 0},
	{"UDPRoute/v1", 6, 6},
	{"UDPRoute/v1alpha2", 2, 0},
}

// ParseGatewayAPI reads "VERSION" or "VERSION/CHANNEL", as "1.5.1/experimental",
// and returns what a cluster with this bundle has. The channel is the standard
// one where it is not said. The error says what can be said instead.
func ParseGatewayAPI(text string) (GatewayAPI, error) {
	version, channel, said := strings.Cut(text, "/")
	if !said {
		channel = ChannelStandard
	}
	if channel != ChannelStandard && channel != ChannelExperimental {
		return GatewayAPI{}, fmt.Errorf("channel %q is not known; it can be %s or %s", channel, ChannelStandard, ChannelExperimental)
	}
	version = strings.TrimPrefix(version, "v")
	release, ok := bundleRelease(version)
	if !ok {
		return GatewayAPI{}, fmt.Errorf("version %q is not known; it must be like 1.5 or 1.5.1, from 1.%d to 1.%d", version, oldestBundle, newestBundle)
	}
	api := GatewayAPI{Version: version, Channel: channel}
	for _, s := range servings {
		since := s.experimental
		if channel == ChannelStandard {
			since = s.standard
		}
		if since != 0 && since <= release {
			api.Served = append(api.Served, s.version)
		}
	}
	return api, nil
}

// bundleRelease returns y of "1.y" and "1.y.z", where the release is known.
func bundleRelease(version string) (int, bool) {
	parts := strings.Split(version, ".")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "1" {
		return 0, false
	}
	for _, part := range parts[1:] {
		if _, err := strconv.ParseUint(part, 10, 16); err != nil {
			return 0, false
		}
	}
	release, err := strconv.Atoi(parts[1])
	return release, err == nil && release >= oldestBundle && release <= newestBundle
}
