package ads

import (
	"cmp"
	"fmt"

	"google.golang.org/protobuf/types/known/structpb"
)

// Node is who asks.
type Node struct {
	ID       string
	Metadata map[string]any
}

// Workload is the pod that a proxy claims to run in. Only Namespace is
// required. IP and Labels decide which Services it is part of and which
// policies select it.
type Workload struct {
	Name, Namespace, IP, ServiceAccount string
	Labels                              map[string]string
}

// Sidecar is a proxy beside a workload.
func Sidecar(w Workload) Node { return w.node("sidecar") }

// Gateway is a proxy that is a gateway; Gateway objects select it by labels.
func Gateway(w Workload) Node { return w.node("router") }

// Waypoint is a proxy that is a waypoint; its labels say of which Gateway.
func Waypoint(w Workload) Node { return w.node("waypoint") }

// Ztunnel is the proxy of a node.
func Ztunnel(w Workload) Node { return w.node("ztunnel") }

func (w Workload) node(kind string) Node {
	name := cmp.Or(w.Name, "test")
	labels := map[string]any{}
	for k, v := range w.Labels {
		labels[k] = v
	}
	return Node{
		// The address is of no pod where none is given: 240/4 is nobody's.
		ID: fmt.Sprintf("%s~%s~%s.%s~%s.svc.cluster.local", kind, cmp.Or(w.IP, "240.1.2.3"), name, w.Namespace, w.Namespace),
		Metadata: map[string]any{
			"NAME":            name,
			"NAMESPACE":       w.Namespace,
			"SERVICE_ACCOUNT": cmp.Or(w.ServiceAccount, "default"),
			"CLUSTER_ID":      "Kubernetes",
			"ISTIO_VERSION":   "1.31.0",
			"LABELS":          labels,
		},
	}
}

func (n Node) message() (*nodeMessage, error) {
	metadata, err := structpb.NewStruct(n.Metadata)
	if err != nil {
		return nil, fmt.Errorf("make metadata of node %s: %w", n.ID, err)
	}
	return &nodeMessage{Id: n.ID, Cluster: "test", Metadata: metadata}, nil
}
