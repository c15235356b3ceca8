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

// Names of the images of Istio's pods: what its chart asks for when its hub is
// docker.io/local.
const (
	PilotName = "docker.io/local/pilot:" + binaries.IstioVersion
	ProxyName = "docker.io/local/proxyv2:" + binaries.IstioVersion
)

// proxyUser is who Istio's chart and injection template expect. The image has
// to say it: the chart asks for no root and gives no uid.
const proxyUser = "1337:1337"

// Istio writes both of Istio's images into dir and returns the archives' paths.
func Istio(ctx context.Context, dir string, progress io.Writer) ([]string, error) {
	pilot, err := Pilot(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	proxy, err := Proxy(ctx, dir, progress)
	if err != nil {
		return nil, err
	}
	return []string{pilot, proxy}, nil
}

// Pilot writes Istio's control plane into dir and returns the archive's path.
func Pilot(ctx context.Context, dir string, progress io.Writer) (string, error) {
	programs, err := binaries.Istio(ctx, progress)
	if err != nil {
		return "", err
	}
	const binary = "/usr/local/bin/pilot-discovery"
	return Archive(dir, image.Spec{
		Name: PilotName, User: proxyUser, Entrypoint: []string{binary},
		Files: map[string]string{binary: filepath.Join(programs, "pilot-discovery")},
	})
}

// Proxy writes Istio's sidecar and gateway into dir and returns the archive's
// path: pilot-agent, the official Envoy in place of Istio's own build of it,
// and this machine's iptables for the init container.
func Proxy(ctx context.Context, dir string, progress io.Writer) (string, error) {
	programs, err := binaries.Istio(ctx, progress)
	if err != nil {
		return "", err
	}
	envoy, err := binaries.Envoy(ctx, binaries.EnvoyVersion, progress)
	if err != nil {
		return "", err
	}
	source, err := binaries.ModuleDir(ctx, "istio", "istio.io/istio")
	if err != nil {
		return "", err
	}
	files, err := systemFiles(envoy, iptables)
	if err != nil {
		return "", err
	}
	const binary = "/usr/local/bin/pilot-agent"
	files[binary] = filepath.Join(programs, "pilot-agent")
	files["/usr/local/bin/envoy"] = envoy
	files["/var/lib/istio/envoy/envoy_bootstrap_tmpl.json"] = filepath.Join(source, "tools", "packaging", "common", "envoy_bootstrap.json")
	return Archive(dir, image.Spec{
		Name: ProxyName, User: proxyUser, Entrypoint: []string{binary},
		Files: files, Links: systemLinks(),
	})
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
