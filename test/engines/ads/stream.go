package ads

import (
	"fmt"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
)

type nodeMessage = corev3.Node

// resource is a pointer to a message that has a name under either of the two
// names that the protocol gives it.
type resource[T any] interface {
	*T
	proto.Message
}

// named returns the messages of one type that have these names. A control
// plane never answers a request for no names at all, so none is made.
func named[T any, P resource[T]](s *session, names []string) (map[string]P, error) {
	if len(names) == 0 {
		return map[string]P{}, nil
	}
	return resources[T, P](s, names)
}

// resources returns the messages of one type by name: those that are asked
// for, or all of a type of which a proxy gets all.
func resources[T any, P resource[T]](s *session, names []string) (map[string]P, error) {
	out := map[string]P{}
	response, err := s.ask(typeURL(P(new(T))), names)
	if err != nil {
		return nil, err
	}
	for _, packed := range response.GetResources() {
		message := P(new(T))
		if err := packed.UnmarshalTo(message); err != nil {
			return nil, fmt.Errorf("read %s: %w", packed.GetTypeUrl(), err)
		}
		out[nameOf(message)] = message
	}
	return out, nil
}

// ask sends a request, waits for the answer of its type and acknowledges it.
func (s *session) ask(url string, names []string) (*discovery.DiscoveryResponse, error) {
	request := &discovery.DiscoveryRequest{Node: s.node, TypeUrl: url, ResourceNames: names}
	if err := s.stream.Send(request); err != nil {
		return nil, fmt.Errorf("ask for %s: %w", url, err)
	}
	for {
		response, err := s.stream.Recv()
		if err != nil {
			return nil, fmt.Errorf("wait for %s: %w", url, err)
		}
		// A change meanwhile may push a type that was asked for before.
		if response.GetTypeUrl() != url {
			continue
		}
		request.VersionInfo, request.ResponseNonce = response.GetVersionInfo(), response.GetNonce()
		if err := s.stream.Send(request); err != nil {
			return nil, fmt.Errorf("acknowledge %s: %w", url, err)
		}
		return response, nil
	}
}

func typeURL(m proto.Message) string {
	return "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName())
}

func nameOf(m proto.Message) string {
	switch m := m.(type) {
	case interface{ GetClusterName() string }:
		return m.GetClusterName()
	case interface{ GetName() string }:
		return m.GetName()
	}
	return ""
}
