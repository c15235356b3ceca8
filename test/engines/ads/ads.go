// Package ads asks a control plane over Envoy's discovery protocol for what it
// would program into one proxy, and reads the answer.
//
// A test takes the part of an Envoy (a sidecar, or a gateway), fetches the
// whole configuration, and asserts routes, weights, timeouts and RBAC on the
// typed messages. The proxy need not exist; what it claims to be is enough:
//
//	s, err := ads.Fetch(ctx, istiod.XDS, ads.Sidecar(ads.Workload{Name: "client", Namespace: "shop"}))
//	host, err := s.VirtualHost("9080", "reviews.shop.svc.cluster.local")
//	route := ads.Route(host, ads.Request{Path: "/reviews/0"})
//	weights := ads.Weights(route)
package ads

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Snapshot is all that one proxy gets, by name.
type Snapshot struct {
	Clusters  map[string]*clusterv3.Cluster
	Endpoints map[string]*endpointv3.ClusterLoadAssignment
	Listeners map[string]*listenerv3.Listener
	// Routes are the route configurations that the listeners name, and those
	// that they hold themselves.
	Routes map[string]*routev3.RouteConfiguration
}

// Fetch connects to address in plaintext as the node, and returns what it gets.
func Fetch(ctx context.Context, address string, node Node) (*Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(256<<20)))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	defer conn.Close()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).StreamAggregatedResources(ctx)
	if err != nil {
		return nil, fmt.Errorf("open stream to %s: %w", address, err)
	}
	id, err := node.message()
	if err != nil {
		return nil, err
	}
	s, err := (&session{stream: stream, node: id}).snapshot()
	if err != nil {
		return nil, fmt.Errorf("fetch configuration of %s: %w", node.ID, err)
	}
	return s, nil
}

// Await fetches until check returns nil, because a control plane takes a
// moment to see what a test wrote. When ctx ends, or after 15 seconds, it
// returns check's last complaint.
func Await(ctx context.Context, address string, node Node, check func(*Snapshot) error) (*Snapshot, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var complaint error
	for {
		s, err := Fetch(ctx, address, node)
		if err == nil {
			if err = check(s); err == nil {
				return s, nil
			}
			complaint = err
		}
		select {
		case <-ctx.Done():
			if complaint == nil {
				complaint = err
			}
			return s, fmt.Errorf("await configuration of %s: %w", node.ID, complaint)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// session is one stream of discovery. Types are asked for in the order of the
// protocol: clusters, their endpoints, listeners, their routes.
type session struct {
	stream discovery.AggregatedDiscoveryService_StreamAggregatedResourcesClient
	node   *nodeMessage
}

func (s *session) snapshot() (*Snapshot, error) {
	var out Snapshot
	var err error
	if out.Clusters, err = resources[clusterv3.Cluster](s, nil); err != nil {
		return nil, err
	}
	if out.Endpoints, err = named[endpointv3.ClusterLoadAssignment](s, endpointNames(out.Clusters)); err != nil {
		return nil, err
	}
	if out.Listeners, err = resources[listenerv3.Listener](s, nil); err != nil {
		return nil, err
	}
	names, inline, err := routeNames(out.Listeners)
	if err != nil {
		return nil, err
	}
	if out.Routes, err = named[routev3.RouteConfiguration](s, names); err != nil {
		return nil, err
	}
	maps.Copy(out.Routes, inline)
	return &out, nil
}

// endpointNames are what clusters of type EDS ask for.
func endpointNames(clusters map[string]*clusterv3.Cluster) []string {
	var names []string
	for _, c := range clusters {
		if c.GetType() != clusterv3.Cluster_EDS {
			continue
		}
		name := c.GetEdsClusterConfig().GetServiceName()
		if name == "" {
			name = c.GetName()
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// routeNames are the route configurations that listeners ask for, and those
// that they hold.
func routeNames(listeners map[string]*listenerv3.Listener) ([]string, map[string]*routev3.RouteConfiguration, error) {
	names := map[string]bool{}
	inline := map[string]*routev3.RouteConfiguration{}
	for _, l := range listeners {
		for _, chain := range Chains(l) {
			for _, f := range chain.GetFilters() {
				if !f.GetTypedConfig().MessageIs((*hcmv3.HttpConnectionManager)(nil)) {
					continue
				}
				manager := new(hcmv3.HttpConnectionManager)
				if err := f.GetTypedConfig().UnmarshalTo(manager); err != nil {
					return nil, nil, fmt.Errorf("read listener %s: %w", l.GetName(), err)
				}
				if name := manager.GetRds().GetRouteConfigName(); name != "" {
					names[name] = true
				}
				if config := manager.GetRouteConfig(); config != nil {
					inline[config.GetName()] = config
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), inline, nil
}

// Chains are a listener's filter chains, the default one last.
func Chains(l *listenerv3.Listener) []*listenerv3.FilterChain {
	chains := slices.Clone(l.GetFilterChains())
	if d := l.GetDefaultFilterChain(); d != nil {
		chains = append(chains, d)
	}
	return chains
}
