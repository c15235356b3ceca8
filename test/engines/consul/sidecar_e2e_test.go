//go:build e2e

package consul

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/engines/process"
)

// startEnvoy starts the proxy of an instance, which asks the agent for all but
// its bootstrap.
func startEnvoy(ctx context.Context, folder string, a *agent, i *instance) (*process.Process, error) {
	grpc, err := strconv.Atoi(a.grpc)
	if err != nil {
		return nil, fmt.Errorf("read port: %w", err)
	}
	text, err := json.Marshal(bootstrap(i, grpc))
	if err != nil {
		return nil, fmt.Errorf("write bootstrap of %s: %w", i.id, err)
	}
	file := filepath.Join(folder, i.id+".json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, fmt.Errorf("write bootstrap of %s: %w", i.id, err)
	}
	// It outlives the test that starts it. A listener that is replaced lets its
	// connections go at once, as they otherwise keep what was said before.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), os.Getenv(envoyVariable), "-c", file, "-l", "warn",
		"--concurrency", "1", "--disable-hot-restart", "--drain-time-s", "1", "--drain-strategy", "immediate")
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return process.Start(cmd, filepath.Join(folder, i.id+".log"))
}

// object is one of JSON.
type object = map[string]any

// bootstrap is what Consul's own command writes for a proxy, as far as it is
// needed.
func bootstrap(i *instance, grpc int) object {
	ads := object{"ads": object{}, "resource_api_version": "V3"}
	return object{
		"admin": object{"address": address(i.admin)},
		"node": object{"id": i.proxy(), "cluster": i.service, "metadata": object{
			"namespace": "default", "partition": "default", "envoy_version": binaries.ConsulEnvoyVersion,
		}},
		// Consul's expressions for callers are larger than Envoy takes unasked.
		"layered_runtime": object{"layers": []object{{
			"name": "base", "static_layer": object{"re2.max_program_size.error_level": 1 << 20},
		}}},
		"static_resources": object{"clusters": []object{{
			"name": "local_agent", "type": "STATIC", "connect_timeout": "1s",
			"typed_extension_protocol_options": object{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": object{
				"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
				"explicit_http_config": object{"http2_protocol_options": object{}},
			}},
			"load_assignment": object{"cluster_name": "local_agent", "endpoints": []object{{
				"lb_endpoints": []object{{"endpoint": object{"address": address(grpc)}}},
			}}},
		}}},
		"dynamic_resources": object{"lds_config": ads, "cds_config": ads, "ads_config": object{
			"api_type": "DELTA_GRPC", "transport_api_version": "V3",
			"grpc_services": object{
				"initial_metadata": []object{{"key": "x-consul-token", "value": ""}},
				"envoy_grpc":       object{"cluster_name": "local_agent"},
			},
		}},
	}
}

func address(port int) object {
	return object{"socket_address": object{"address": "127.0.0.1", "port_value": port}}
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
