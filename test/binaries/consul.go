package binaries

import (
	"context"
	"io"
	"path/filepath"
)

// ConsulEnvoyVersion is the Envoy that serves as the data plane of Consul in
// tests: the closest to what this Consul names as supported of those that can
// be had. Later ones keep connections on an intention that has been replaced.
const ConsulEnvoyVersion = "1.36.4"

// Consul returns the path of Consul, of which only the agent is there. Its
// version is the one that hack/tools/consul requires.
func Consul(ctx context.Context, progress io.Writer) (string, error) {
	set, err := newToolset("consul", "consul", []program{{name: "consul", pkg: "."}})
	if err != nil {
		return "", err
	}
	dir, err := set.dir(ctx, progress)
	return filepath.Join(dir, "consul"), err
}
