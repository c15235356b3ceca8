package images

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/image"
)

// PilotName and ProxyName are the images of Istio's pods: what its charts ask
// for when their hub is docker.io/local and their tag is the version.
func PilotName(version string) string { return "docker.io/local/pilot:" + version }

// ProxyName is the image of sidecars and gateways.
func ProxyName(version string) string { return "docker.io/local/proxyv2:" + version }

// proxyUser is who Istio's chart and injection template expect. The image has
// to say it: the chart asks for no root and gives no uid.
const proxyUser = "1337:1337"

// Istio writes both images of one version of Istio into dir and returns the
// archives' paths.
func Istio(ctx context.Context, version, dir string, progress io.Writer) ([]string, error) {
	programs, err := binaries.IstioAt(ctx, version, progress)
	if err != nil {
		return nil, err
	}
	pilot, err := pilot(version, programs, dir)
	if err != nil {
		return nil, err
	}
	envoy, err := binaries.Envoy(ctx, binaries.EnvoyVersion, progress)
	if err != nil {
		return nil, err
	}
	source, err := binaries.IstioSource(ctx, version)
	if err != nil {
		return nil, err
	}
	spec, err := proxy(programs, envoy, source)
	if err != nil {
		return nil, err
	}
	spec.Name = ProxyName(version)
	path, err := Archive(dir, spec)
	if err != nil {
		return nil, err
	}
	return []string{pilot, path}, nil
}

// pilot writes Istio's control plane.
func pilot(version, programs, dir string) (string, error) {
	const binary = "/usr/local/bin/pilot-discovery"
	return Archive(dir, image.Spec{
		Name: PilotName(version), User: proxyUser, Entrypoint: []string{binary},
		Files: map[string]string{binary: filepath.Join(programs, "pilot-discovery")},
	})
}

// proxy is Istio's sidecar and gateway: pilot-agent, the official Envoy in
// place of Istio's own build of it, and this machine's iptables for the init
// container.
func proxy(programs, envoy, source string) (image.Spec, error) {
	files, err := systemFiles(envoy, iptables)
	if err != nil {
		return image.Spec{}, err
	}
	const binary = "/usr/local/bin/pilot-agent"
	files[binary] = filepath.Join(programs, "pilot-agent")
	files["/usr/local/bin/envoy"] = envoy
	files["/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"] = filepath.Join(source, "tools", "packaging", "common", "envoy_bootstrap.json")
	return image.Spec{User: proxyUser, Entrypoint: []string{binary}, Files: files, Links: systemLinks()}, nil
}

// Where Debian's packages iptables and busybox-static put their programs.
const (
	iptables = "/usr/sbin/xtables-nft-multi"
	busybox  = "/bin/busybox"
)

// systemFiles are iptables with its extensions, a shell to look around with,
// and the shared libraries of all of it and of the given programs.
func systemFiles(programs ...string) (map[string]string, error) {
	files, err := libraries(programs...)
	if err != nil {
		return nil, err
	}
	extensions, err := filepath.Glob("/usr/lib/*-linux-gnu/xtables/*.so")
	if err != nil || len(extensions) == 0 {
		return nil, fmt.Errorf("find extensions of iptables below /usr/lib: %w", fs.ErrNotExist)
	}
	for _, e := range append(extensions, iptables, busybox) {
		files[e] = e
	}
	return files, nil
}

func systemLinks() map[string]string {
	links := map[string]string{}
	for _, name := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore", "iptables-nft"} {
		links[path.Join("/usr/sbin", name)] = path.Base(iptables)
	}
	for _, name := range []string{"sh", "ls", "cat", "id", "wget", "nslookup", "ip", "sleep", "echo"} {
		links[path.Join("/bin", name)] = path.Base(busybox)
	}
	return links
}
