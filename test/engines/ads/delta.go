package ads

import (
	"context"
	"fmt"
	"time"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"
)

// Delta returns all resources of one type that the node gets over the incremental
// protocol, by name: what ztunnel speaks.
func Delta(ctx context.Context, address string, node Node, typeURL string) (map[string]*anypb.Any, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	defer conn.Close()
	stream, err := discovery.NewAggregatedDiscoveryServiceClient(conn).DeltaAggregatedResources(ctx)
	if err != nil {
		return nil, fmt.Errorf("open stream to %s: %w", address, err)
	}
	id, err := node.message()
	if err != nil {
		return nil, err
	}
	request := &discovery.DeltaDiscoveryRequest{Node: id, TypeUrl: typeURL, ResourceNamesSubscribe: []string{"*"}}
	if err := stream.Send(request); err != nil {
		return nil, fmt.Errorf("ask for %s: %w", typeURL, err)
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("wait for %s: %w", typeURL, err)
		}
		if response.GetTypeUrl() != typeURL {
			continue
		}
		out := map[string]*anypb.Any{}
		for _, r := range response.GetResources() {
			out[r.GetName()] = r.GetResource()
		}
		return out, nil
	}
}
