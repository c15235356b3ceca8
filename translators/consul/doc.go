// Package consul says units in the words of Consul on Kubernetes: config
// entries that its controller syncs from objects of consul.hashicorp.com. All
// knowledge of Consul lives here.
//
// Consul's Community Edition has no namespaces: a service is a name, once in
// the cluster, and so is every config entry. What Consul reads otherwise than
// the IR means (string prefixes, prefixes that are stripped, routers that fall
// through, limits that callers own) the translation adapts, and where it cannot,
// an Issue says so. README.md lists what maps to what and what is lost.
package consul
