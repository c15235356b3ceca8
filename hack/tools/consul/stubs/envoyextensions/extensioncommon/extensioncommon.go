// Package extensioncommon has the types of Envoy extensions that the agent
// names, and refuses to extend anything.
package extensioncommon

import (
	"errors"
	"fmt"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tls "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/hashicorp/consul/api"
	"github.com/hashicorp/consul/envoyextensions/xdscommon"
	"google.golang.org/protobuf/proto"
)

var errRefused = errors.New("extend Envoy: this build of Consul has no extensions")

type UpstreamData struct {
	PrimarySNI        string
	SNIs              map[string]struct{}
	EnvoyID           string
	OutgoingProxyKind api.ServiceKind
	VIP               string
}

type RuntimeConfig struct {
	EnvoyExtension        api.EnvoyExtension
	ServiceName           api.CompoundServiceName
	Upstreams             map[api.CompoundServiceName]*UpstreamData
	IsSourcedFromUpstream bool
	Kind                  api.ServiceKind
	Protocol              string
}

func (c RuntimeConfig) UpstreamOutgoingProxyKind() api.ServiceKind {
	if u := c.Upstreams[c.ServiceName]; u != nil {
		return u.OutgoingProxyKind
	}
	return ""
}

type StringSet map[string]struct{}

func (s StringSet) CheckRequired(v, field string) error {
	if _, ok := s[v]; ok {
		return nil
	}
	if v == "" {
		return fmt.Errorf("field %s is required", field)
	}
	return fmt.Errorf("invalid %s %q", field, v)
}

type TrafficDirection string

const (
	TrafficDirectionInbound  TrafficDirection = "inbound"
	TrafficDirectionOutbound TrafficDirection = "outbound"
)

var TrafficDirections = StringSet{string(TrafficDirectionInbound): {}, string(TrafficDirectionOutbound): {}}

type Payload[K proto.Message] struct {
	RuntimeConfig    *RuntimeConfig
	Message          K
	ServiceName      *api.CompoundServiceName
	TrafficDirection TrafficDirection
}

func (p Payload[K]) IsInbound() bool { return p.TrafficDirection == TrafficDirectionInbound }

type (
	ClusterPayload               = Payload[*cluster.Cluster]
	ClusterLoadAssignmentPayload = Payload[*endpoint.ClusterLoadAssignment]
	ListenerPayload              = Payload[*listener.Listener]
	FilterPayload                = Payload[*listener.Filter]
	RoutePayload                 = Payload[*route.RouteConfiguration]

	ClusterMap = map[string]*cluster.Cluster
)

type EnvoyExtender interface {
	CanApply(*RuntimeConfig) bool
	Validate(*RuntimeConfig) error
	Extend(*xdscommon.IndexedResources, *RuntimeConfig) (*xdscommon.IndexedResources, error)
}

type BasicExtension interface {
	CanApply(*RuntimeConfig) bool
}

type BasicExtensionAdapter struct{}

func (BasicExtensionAdapter) CanApply(*RuntimeConfig) bool { return false }

type BasicEnvoyExtender struct{ Extension BasicExtension }

func (b *BasicEnvoyExtender) CanApply(c *RuntimeConfig) bool { return b.Extension.CanApply(c) }
func (*BasicEnvoyExtender) Validate(*RuntimeConfig) error    { return nil }
func (*BasicEnvoyExtender) Extend(*xdscommon.IndexedResources, *RuntimeConfig) (*xdscommon.IndexedResources, error) {
	return nil, errRefused
}

type UpstreamEnvoyExtender struct{ Extension BasicExtension }

func (b *UpstreamEnvoyExtender) CanApply(c *RuntimeConfig) bool { return b.Extension.CanApply(c) }
func (*UpstreamEnvoyExtender) Validate(*RuntimeConfig) error    { return nil }
func (*UpstreamEnvoyExtender) Extend(*xdscommon.IndexedResources, *RuntimeConfig) (*xdscommon.IndexedResources, error) {
	return nil, errRefused
}

type InsertOptions struct {
	Location   InsertLocation
	FilterName string
}

type InsertLocation string

const InsertBeforeFirstMatch InsertLocation = "BeforeFirstMatch"

func InsertHTTPFilter([]*listener.Filter, *hcm.HttpFilter, InsertOptions) ([]*listener.Filter, error) {
	return nil, errRefused
}

func InsertNetworkFilter([]*listener.Filter, *listener.Filter, InsertOptions) ([]*listener.Filter, error) {
	return nil, errRefused
}

func GetHTTPConnectionManager(*listener.Filter) (*hcm.HttpConnectionManager, int, error) {
	return nil, 0, errRefused
}
func MakeFilter(string, proto.Message) (*listener.Filter, error)         { return nil, errRefused }
func MakeEnvoyHTTPFilter(string, proto.Message) (*hcm.HttpFilter, error) { return nil, errRefused }
func MakeUpstreamTLSTransportSocket(*tls.UpstreamTlsContext) (*core.TransportSocket, error) {
	return nil, errRefused
}

func NormalizeServiceName(sn *api.CompoundServiceName) {
	if sn.Namespace == "" {
		sn.Namespace = "default"
	}
	if sn.Partition == "" {
		sn.Partition = "default"
	}
}
