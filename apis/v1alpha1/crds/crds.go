// Package crds holds the CustomResourceDefinitions of the unified API, for
// everything that installs them or checks objects against them without a
// cluster. The YAML is generated from the Go types by `make generate`.
package crds

import "embed"

// FS has one file per kind, meshloom.io_<plural>.yaml, each holding one
// CustomResourceDefinition.
//
//go:embed *.yaml
var FS embed.FS
