// Package node is the inside of a local cluster: the process that is pid 1 of
// the cluster's own namespaces, everything it prepares there, and the programs
// it keeps running.
//
// Three processes of one program make it up. The first waits until its user
// namespace has an id map and then becomes pid 1 (Init), which starts the third
// and reaps what is orphaned. The third (supervise) mounts, makes the network,
// writes certificates and configuration, starts the components and starts them
// again when they end, loads images, hands out LoadBalancer addresses, relays
// connections from outside, and answers on the control socket.
//
// Killing pid 1 ends all of it: the kernel kills every process of the pid
// namespace, and mounts, network and packet filter rules go with the last one.
package node

// Addresses of the only node. All clusters use the same ones: each has a
// network namespace of its own.
const (
	Name        = "node1"
	IP          = "10.200.0.2"
	gateway     = "10.200.0.1" // nothing answers there: a default route is what ClusterIPs need
	apiPort     = "6443"
	serviceCIDR = "10.96.0.0/16"
	apiService  = "10.96.0.1"
	dnsService  = "10.96.0.10"
	podCIDR     = "10.244.0.0/16"
	nodePodCIDR = "10.244.0.0/24"
)

// Images that every cluster is given before it starts.
const (
	PauseImage   = "docker.io/local/pause:1"
	CoreDNSImage = "docker.io/local/coredns:1"
)

// Relays is how many addresses of LoadBalancer Services can be reached through
// a loopback port outside the namespaces at the same time.
const Relays = 16

// Files that the process which starts the node leaves open for it, from 3 on.
const (
	fdGo      = 3 + iota // end of file when the id map is written
	fdControl            // listening Unix socket
	fdAPI                // listening loopback socket of the host for the API
	fdRelay              // the first of Relays listening loopback sockets of the host
)
