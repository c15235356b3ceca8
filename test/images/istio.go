package images

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/meshloom/meshloom/test/binaries"
)

// proxyUser is who Istio's chart and injection template expect.
const proxyUser = "1337:1337"

// Pilot writes Istio's control plane into dir and returns the archive's path.
func Pilot(ctx context.Context, dir string, progress io.Writer) (string, error) {
	programs, err := binaries.Istio(ctx, progress)
	if err != nil {
		return "", err
	}
	const binary = "/usr/local/bin/pilot-discovery"
	return Image{
		Name: PilotName + binaries.IstioVersion, User: proxyUser, Entrypoint: []string{binary},
		Files: []File{{Path: binary, From: filepath.Join(programs, "pilot-discovery")}, temporary},
	}.Archive(dir)
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
	system, err := systemFiles(envoy, iptables)
	if err != nil {
		return "", err
	}
	const binary = "/usr/local/bin/pilot-agent"
	files := []File{
		{Path: binary, From: filepath.Join(programs, "pilot-agent")},
		{Path: "/usr/local/bin/envoy", From: envoy},
		{
			Path: "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json",
			From: filepath.Join(source, "tools", "packaging", "common", "envoy_bootstrap.json"), Mode: 0o644,
		},
		temporary,
	}
	return Image{
		Name: ProxyName + binaries.IstioVersion, User: proxyUser, Entrypoint: []string{binary},
		Files: append(files, system...),
	}.Archive(dir)
}

var temporary = File{Path: "/tmp", Mode: fs.ModeDir | fs.ModeSticky | 0o777}

// Where Debian's packages iptables and busybox-static put their programs.
const (
	iptables = "/usr/sbin/xtables-nft-multi"
	busybox  = "/bin/busybox"
)

// systemFiles are iptables with its extensions, a shell to look around with,
// and the shared libraries of all of it and of the given programs.
func systemFiles(programs ...string) ([]File, error) {
	files, err := libraries(programs...)
	if err != nil {
		return nil, err
	}
	extensions, err := filepath.Glob("/usr/lib/*-linux-gnu/xtables/*.so")
	if err != nil || len(extensions) == 0 {
		return nil, fmt.Errorf("find extensions of iptables: none below /usr/lib (package iptables): %w", fs.ErrNotExist)
	}
	for _, e := range extensions {
		files = append(files, File{Path: e, From: e})
	}
	files = append(files, File{Path: iptables, From: iptables}, File{Path: busybox, From: busybox})
	for _, link := range []string{"iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore", "iptables-nft"} {
		files = append(files, File{Path: path.Join("/usr/sbin", link), Link: path.Base(iptables)})
	}
	for _, link := range []string{"sh", "ls", "cat", "id", "wget", "nslookup", "ip", "sleep", "echo"} {
		files = append(files, File{Path: path.Join("/bin", link), Link: path.Base(busybox)})
	}
	return files, nil
}
