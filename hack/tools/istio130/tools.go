//go:build tools

// Package tools keeps the commands that test/binaries builds among the
// requirements of this module.
package tools

import (
	_ "istio.io/istio/pilot/cmd/pilot-agent"
	_ "istio.io/istio/pilot/cmd/pilot-discovery"
)
