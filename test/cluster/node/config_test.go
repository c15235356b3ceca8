package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"
)

func TestConfigIsWellFormed(t *testing.T) {
	layout := Layout{Dir: filepath.Join(t.TempDir(), "one"), CNI: "/opt/cni/bin"}
	if err := writePKI(layout.pki("")); err != nil {
		t.Fatal(err)
	}
	if err := writeConfig(layout, "127.0.0.1:4711"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"kubelet.yaml", "proxy.yaml", "audit.yaml", "cni/10-bridge.conflist"} {
		text, err := os.ReadFile(layout.conf(name))
		if err != nil {
			t.Fatal(err)
		}
		var content map[string]any
		if err := yaml.UnmarshalStrict(text, &content); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	text, err := os.ReadFile(layout.conf("containerd.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`bin_dir = "/opt/cni/bin"`, `sandbox_image = "` + PauseImage + `"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("containerd.toml lacks %s:\n%s", want, text)
		}
	}
}

func TestKubeconfigs(t *testing.T) {
	layout := Layout{Dir: filepath.Join(t.TempDir(), "one")}
	if err := writePKI(layout.pki("")); err != nil {
		t.Fatal(err)
	}
	if err := writeConfig(layout, "127.0.0.1:4711"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		layout.Kubeconfig():          "https://127.0.0.1:4711",
		layout.kubeconfig("admin"):   "https://10.200.0.2:6443",
		layout.kubeconfig("kubelet"): "https://10.200.0.2:6443",
	} {
		config, err := clientcmd.BuildConfigFromFlags("", path)
		if err != nil {
			t.Fatal(err)
		}
		if config.Host != want {
			t.Errorf("%s: host %s: want %s", path, config.Host, want)
		}
		if len(config.CAData) == 0 || len(config.CertData) == 0 || len(config.KeyData) == 0 {
			t.Errorf("%s: names files: it cannot be copied elsewhere", path)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v: want it closed to others", path, info.Mode(), err)
		}
	}
}

func TestManifestNamesTheOutside(t *testing.T) {
	text, err := Layout{}.render("coredns.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := OutsideIP + " " + strings.Join(OutsideNames, " ") + "\n"
	if !strings.Contains(string(text), want) {
		t.Errorf("the hosts block lacks %q:\n%s", want, text)
	}
}
