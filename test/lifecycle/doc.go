// Package lifecycle installs Meshloom on an empty cluster and lets it install,
// upgrade and remove a mesh, while requests are counted. Its tests have the
// build tag e2e. They are the steps of one life and run in their order.
package lifecycle
