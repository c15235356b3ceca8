package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const retried = "retry: {attempts: 2}"

const external = `apiVersion: meshloom.io/v1alpha1
kind: ExternalService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  ports: [{port: 443, protocol: TLS}]
  resolution: DNS
`

// observedMesh is a Mesh whose status says what the operator has seen.
const observedMesh = `apiVersion: meshloom.io/v1alpha1
kind: Mesh
metadata: {name: m}
spec: {provider: Istio, dataPlane: Ambient, mode: Adopted, members: {namespaceSelector: {}}}
status:
  env: {variant: istio-ambient, version: 1.31.0, gatewayAPI: {version: 1.5.1, channel: CHANNEL}}
---
`

// TestGiven shows that what is said of a mesh by flags decides what is written
// for it, and lies over what was observed.
func TestGiven(t *testing.T) {
	experimental := strings.ReplaceAll(observedMesh, "CHANNEL", "experimental")
	standard := strings.ReplaceAll(observedMesh, "CHANNEL", "standard")
	tests := []struct {
		name, stdin string
		args        []string
		code        int
		// stdout and stderr are parts that must occur; stdout "-" means empty.
		stdout, stderr []string
	}{
		{
			name: "no retries where no experimental channel is known of", stdin: services + policy(retried),
			args: []string{"--mesh", "istio-ambient"}, code: ExitFound,
			stderr: []string{"rejected: TrafficPolicy/shop/p spec.retry.attempts"},
		},
		{
			name: "no retries in the standard channel", stdin: services + policy(retried),
			args: []string{"--mesh", "istio-ambient", "--gateway-api", "1.5.1"}, code: ExitFound,
			stderr: []string{"rejected: TrafficPolicy/shop/p spec.retry.attempts"},
		},
		{
			name: "retries in the experimental channel", stdin: services + policy(retried),
			args: []string{"--mesh", "istio-ambient", "--gateway-api", "1.5.1/experimental"}, code: ExitOK,
			stdout: []string{"retry:\n      attempts: 2"},
		},
		{
			name: "what was observed holds without flags", stdin: experimental + services + policy(retried),
			code: ExitOK, stdout: []string{"attempts: 2"},
		},
		{
			name: "what was observed holds for the mesh that it was observed of", stdin: experimental + services + policy(retried),
			args: []string{"--mesh", "istio-ambient"}, code: ExitOK, stdout: []string{"attempts: 2"},
		},
		{
			name: "the flag comes before what was observed", stdin: standard + services + policy(retried),
			args: []string{"--gateway-api", "1.5.1/experimental"}, code: ExitOK, stdout: []string{"attempts: 2"},
		},
		{
			name: "a fact is known to the mesh that documents it", stdin: services + external,
			args: []string{"--mesh", "consul", "--fact", "terminatingGateway=exit"}, code: ExitOK,
			stdout: []string{"kind: TerminatingGateway", "name: exit"},
		},
		{
			name: "no host outside without a terminating gateway", stdin: services + external,
			args: []string{"--mesh", "consul"}, code: ExitFound,
			stderr: []string{"rejected: ExternalService/shop/api"},
		},
		{
			name: "a fact that nobody documents", stdin: services,
			args: []string{"--fact", "terminatinGateway=exit"}, code: ExitUsage,
			stdout: []string{"-"}, stderr: []string{`--fact "terminatinGateway" is not known; it can be`, "terminatingGateway (Consul: name of", "probeNetworks (Linkerd: "},
		},
		{
			name: "a fact of another mesh", stdin: services,
			args: []string{"--mesh", "linkerd", "--fact", "terminatingGateway=exit"}, code: ExitUsage,
			stdout: []string{"-"}, stderr: []string{`--fact "terminatingGateway" is not known; it can be defaultInboundPolicy (Linkerd: `},
		},
		{
			name: "a fact without a value", stdin: services, args: []string{"--fact", "revision"}, code: ExitUsage,
			stdout: []string{"-"}, stderr: []string{`--fact "revision" is not understood; it must be NAME=VALUE`},
		},
		{
			name: "a channel that there is not", stdin: services, args: []string{"--gateway-api", "1.5.1/beta"}, code: ExitUsage,
			stdout: []string{"-"}, stderr: []string{`--gateway-api "1.5.1/beta": channel "beta" is not known; it can be standard or experimental`},
		},
		{
			name: "a bundle that is not known", stdin: services, args: []string{"--gateway-api", "0.8"}, code: ExitUsage,
			stdout: []string{"-"}, stderr: []string{"it must be like 1.5 or 1.5.1, from 1.2 to 1.6"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := run(t, tt.stdin, append([]string{"translate", "-f", "-"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d; stderr:\n%s", code, tt.code, stderr)
			}
			contains(t, "stdout", stdout, tt.stdout)
			contains(t, "stderr", stderr, tt.stderr)
		})
	}
}

// TestGivenNetworks gives a fact with commas in its value: the probes of
// kubelet are then admitted from these networks alone.
func TestGivenNetworks(t *testing.T) {
	args := []string{"translate", "-f", bookinfo, "--mesh", "linkerd"}
	open, _, _ := run(t, "", args...)
	contains(t, "stdout", open, []string{"cidr: 0.0.0.0/0"})
	narrow, stderr, _ := run(t, "", append(args, "--fact", "probeNetworks=10.0.0.0/24,10.0.1.0/24")...)
	contains(t, "stdout", narrow, []string{"cidr: 10.0.0.0/24", "cidr: 10.0.1.0/24"})
	if strings.Contains(narrow, "cidr: 0.0.0.0/0") || strings.Contains(stderr, "set the fact probeNetworks") {
		t.Errorf("the networks are known and probes are open to everybody:\n%s", stderr)
	}
}

// TestGivenToDiff shows that both sides of a comparison are for the same mesh.
func TestGivenToDiff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(services+policy(retried)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"diff", "-f", file, "--against", file, "--mesh", "istio-ambient", "--gateway-api", "1.6/experimental"}
	if stdout, stderr, code := run(t, "", args...); code != ExitOK || stdout != "" {
		t.Errorf("exit code %d, and it prints\n%s%s", code, stdout, stderr)
	}
}
