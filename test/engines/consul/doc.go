// Package consul programs a real Consul with what the engine computes, and
// counts requests through real Envoys that it configures.
//
// Consul is an agent in memory, built from its module, and each workload of
// testdata/base.yaml is an echo server with an Envoy beside it, all on loopback
// in namespaces of their own that end with the tests. In between stands what
// Consul on Kubernetes would do, as package consulk8s has it: it turns custom
// resources into config entries and pods into instances of services. Proxies
// are called at the address of an upstream where pods would be captured; the
// routes are the same.
//
// The tests write what users write, compute what `meshctl translate` prints,
// write it in the order in which the operator applies it, and see what Consul
// accepts, what it compiles, and where requests end up.
package consul

//meshloom:beyond-the-core
