// Package compiled asks a real istiod, over Envoy's discovery protocol, what
// it makes of the native objects that the engine computes: for every feature
// that the capability matrix claims for Istio, a case writes it in the unified
// API and asserts what proxies are told.
//
// A case's assertions have to fail before its objects are written, so that
// none holds by itself. A feature that is claimed and has no assertion fails
// the tests. The outcome is printed as a table, feature by feature: it is what
// the published matrix calls "compiled".
package compiled
