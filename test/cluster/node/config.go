package node

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

//go:embed files
var files embed.FS

// settings is what the templates in files may use.
type settings struct {
	Node, PKI, Conf, CNI     string
	PodCIDR, NodePodCIDR     string
	DNSService               string
	PauseImage, CoreDNSImage string
	OutsideIP                string
	OutsideNames             []string
}

func (l Layout) settings() settings {
	return settings{
		Node: Name, PKI: l.pki(""), Conf: l.conf(""), CNI: l.CNI,
		PodCIDR: podCIDR, NodePodCIDR: nodePodCIDR,
		DNSService: dnsService,
		PauseImage: PauseImage, CoreDNSImage: CoreDNSImage,
		OutsideIP: OutsideIP, OutsideNames: OutsideNames,
	}
}

// render fills in one of the templates.
func (l Layout) render(name string) ([]byte, error) {
	parsed, err := template.ParseFS(files, "files/"+name)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, l.settings()); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// writeConfig writes the components' configuration and kubeconfigs. The
// administrator's for use outside goes through the relay at apiAddress.
func writeConfig(layout Layout, apiAddress string) error {
	if err := os.MkdirAll(layout.conf("cni"), 0o755); err != nil {
		return fmt.Errorf("create folder: %w", err)
	}
	for name, path := range map[string]string{
		"containerd.toml": layout.conf("containerd.toml"),
		"kubelet.yaml":    layout.conf("kubelet.yaml"),
		"proxy.yaml":      layout.conf("proxy.yaml"),
		"audit.yaml":      layout.conf("audit.yaml"),
		"bridge.conflist": layout.conf("cni/10-bridge.conflist"),
	} {
		text, err := layout.render(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
	}
	// Only pods with dnsPolicy Default see it, and there is no outside to ask.
	if err := os.WriteFile(layout.conf("resolv.conf"), []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	for _, name := range []string{"admin", "controller-manager", "scheduler", "proxy", "kubelet"} {
		if err := layout.writeKubeconfig(layout.kubeconfig(name), name, IP+":"+apiPort); err != nil {
			return err
		}
	}
	return layout.writeKubeconfig(layout.Kubeconfig(), "admin", apiAddress)
}

// writeKubeconfig writes access for one identity. Keys are inside the file, so
// it can be copied. It is complete when it is there.
func (l Layout) writeKubeconfig(path, name, address string) error {
	var pems [3][]byte
	for i, file := range []string{"ca.crt", name + ".crt", name + ".key"} {
		text, err := os.ReadFile(l.pki(file))
		if err != nil {
			return fmt.Errorf("write kubeconfig of %s: %w", name, err)
		}
		pems[i] = text
	}
	cluster := filepath.Base(l.Dir)
	config := clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{cluster: {Server: "https://" + address, CertificateAuthorityData: pems[0]}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{name: {ClientCertificateData: pems[1], ClientKeyData: pems[2]}},
		Contexts:       map[string]*clientcmdapi.Context{cluster: {Cluster: cluster, AuthInfo: name}},
		CurrentContext: cluster,
	}
	if err := clientcmd.WriteToFile(config, path); err != nil {
		return fmt.Errorf("write kubeconfig of %s: %w", name, err)
	}
	return nil
}
