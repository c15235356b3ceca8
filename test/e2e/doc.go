// Package e2e counts real requests on a real cluster: the scenarios of
// test/scenarios, and what the operator does in its life. Its tests have the
// build tag e2e.
package e2e
