package scenarios

import "github.com/meshloom/meshloom/translators/ir"

// Origin is where requests start.
type Origin struct {
	// Namespace and App name the client's pod, whose ServiceAccount is called
	// as the app.
	Namespace, App string
	// Outsider pods are no members of the mesh.
	Outsider bool
	// Listener of the gateway, for requests from outside the cluster; there is
	// no pod then.
	Listener string
}

// The clients.
var (
	// Client calls the echo servers of its own namespace.
	Client = Origin{Namespace: "routing", App: "client"}
	// Alice and Bob share the vault's namespace, Carol lives next door.
	Alice = Origin{Namespace: "access", App: "alice"}
	Bob   = Origin{Namespace: "access", App: "bob"}
	Carol = Origin{Namespace: "neighbours", App: "carol"}
	// Mallory is in no mesh.
	Mallory = Origin{Namespace: "outsiders", App: "mallory", Outsider: true}
	// Web and Secure are the gateway's listeners.
	Web    = Origin{Listener: "web"}
	Secure = Origin{Listener: "secure"}
)

// Gateway is the IngressGateway of the base, and the namespace and name of its
// Service and ServiceAccount.
var Gateway = ir.Identity{Namespace: "edge", ServiceAccount: "public"}

// Container is the name of the container of all pods.
const Container = "load"

// Deployment is the client's.
func (o Origin) Deployment() string { return o.App + "-v1" }

// identity is what mutual TLS proves of the client; nil where nothing does.
func (o Origin) identity() *ir.Identity {
	if o.Listener != "" || o.Outsider {
		return nil
	}
	return &ir.Identity{Namespace: o.Namespace, ServiceAccount: o.App}
}

// String names the origin for the report.
func (o Origin) String() string {
	if o.Listener != "" {
		return "gateway/" + o.Listener
	}
	return o.Namespace + "/" + o.App
}
