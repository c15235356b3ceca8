// Package xdscommon has what the agent needs of the module that it stands for:
// the names of resources and an index of them.
package xdscommon

import (
	"fmt"
	"regexp"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-version"
	"google.golang.org/protobuf/proto"
)

const (
	ListenerType = "type.googleapis.com/envoy.config.listener.v3.Listener"
	RouteType    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
	ClusterType  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	EndpointType = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	SecretType   = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"

	LocalAppClusterName       = "local_app"
	PublicListenerName        = "public_listener"
	OutboundListenerName      = "outbound_listener"
	FailoverClusterNamePrefix = "failover-target~"
)

var (
	EnvoyVersions            = []string{"1.35.6", "1.34.10", "1.33.12", "1.32.13"}
	UnsupportedEnvoyVersions = []string{}
)

func GetMaxEnvoyMajorVersion() string { return "1.35" }
func GetMinEnvoyMajorVersion() string { return "1.32" }

type SupportedProxyFeatures struct{}

func DetermineSupportedProxyFeatures(*core.Node) (SupportedProxyFeatures, error) {
	return SupportedProxyFeatures{}, nil
}

var leading = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// DetermineEnvoyVersionFromNode returns nil where the node does not say.
func DetermineEnvoyVersionFromNode(n *core.Node) *version.Version {
	text := leading.FindString(n.GetUserAgentVersion())
	if v := n.GetUserAgentBuildVersion().GetVersion(); v != nil {
		text = fmt.Sprintf("%d.%d.%d", v.MajorNumber, v.MinorNumber, v.Patch)
	}
	if text == "" {
		return nil
	}
	return version.Must(version.NewVersion(text))
}

// IndexedResources is keyed by type URL, then resource name.
type IndexedResources struct {
	Index      map[string]map[string]proto.Message
	ChildIndex map[string]map[string][]string
}

func EmptyIndexedResources() *IndexedResources {
	r := &IndexedResources{Index: map[string]map[string]proto.Message{}, ChildIndex: map[string]map[string][]string{}}
	for _, t := range []string{ListenerType, RouteType, ClusterType, EndpointType, SecretType} {
		r.Index[t] = map[string]proto.Message{}
	}
	for _, t := range []string{ListenerType, ClusterType} {
		r.ChildIndex[t] = map[string][]string{}
	}
	return r
}

func IndexResources(log hclog.Logger, in map[string][]proto.Message) *IndexedResources {
	r := EmptyIndexedResources()
	for t, list := range in {
		for _, m := range list {
			name := GetResourceName(m)
			if name == "" {
				log.Warn("skipping unexpected xDS type found in delta snapshot", "typeURL", t)
				continue
			}
			r.Index[t][name] = m
		}
	}
	return r
}

func Clone(in *IndexedResources) *IndexedResources {
	r := EmptyIndexedResources()
	for t, byName := range in.Index {
		r.Index[t] = map[string]proto.Message{}
		for n, m := range byName {
			r.Index[t][n] = proto.Clone(m)
		}
	}
	for t, byName := range in.ChildIndex {
		r.ChildIndex[t] = map[string][]string{}
		for n, l := range byName {
			r.ChildIndex[t][n] = append([]string(nil), l...)
		}
	}
	return r
}

func GetResourceName(m proto.Message) string {
	switch x := m.(type) {
	case *listener.Listener:
		return x.Name
	case *route.RouteConfiguration:
		return x.Name
	case *cluster.Cluster:
		return x.Name
	case *endpoint.ClusterLoadAssignment:
		return x.ClusterName
	case *tls.Secret:
		return x.Name
	}
	return ""
}
