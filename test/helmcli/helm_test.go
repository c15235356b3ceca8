//go:build e2e

package helmcli

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/envtest"
)

func TestMain(m *testing.M) { os.Exit(envtest.Main(m)) }

const namespace = "helmcli"

// command is the helm command in front of an API server.
type command struct {
	t            *testing.T
	path, access string
}

func newCommand(t *testing.T, config *rest.Config) command {
	t.Helper()
	path, err := binaries.Helm(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	access := clientcmdapi.NewConfig()
	access.Clusters["it"] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthorityData: config.CAData}
	access.AuthInfos["it"] = &clientcmdapi.AuthInfo{ClientCertificateData: config.CertData, ClientKeyData: config.KeyData}
	access.Contexts["it"] = &clientcmdapi.Context{Cluster: "it", AuthInfo: "it", Namespace: namespace}
	access.CurrentContext = "it"
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*access, file); err != nil {
		t.Fatal(err)
	}
	return command{t, path, file}
}

// run returns what the command printed.
func (c command) run(args ...string) []byte {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), c.path, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.access, "HOME="+c.t.TempDir())
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, problems.String())
	}
	return out.Bytes()
}

// rows returns what the command printed as JSON.
func (c command) rows(args ...string) []map[string]any {
	c.t.Helper()
	var rows []map[string]any
	if err := json.Unmarshal(c.run(append(args, "-o", "json")...), &rows); err != nil {
		c.t.Fatal(err)
	}
	return rows
}

func chart(version string, replicas int) helm.Work {
	return helm.Work{
		Owner: "Mesh/shop", Charts: os.DirFS("../../install/helm/testdata/charts"),
		Chart: install.Chart{
			Release: "plane", Namespace: namespace, Name: "plane", Version: version, Path: "plane",
			Source: install.Source{Kind: install.Embedded}, Values: map[string]any{"replicas": replicas},
		},
	}
}

// TestTheHelmCommandSeesWhatWeDo installs, upgrades and rolls back with our
// engine and looks with the helm command, then rolls back with that and looks
// with our engine.
func TestTheHelmCommandSeesWhatWeDo(t *testing.T) {
	config := envtest.Config(t)
	client, err := kubernetes.NewForConfig(config)
	must(t, err)
	_, err = client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	must(t, err)
	engine, command := helm.New(helm.Options{Config: config}), newCommand(t, config)
	must(t, engine.Install(t.Context(), chart("1.31.0", 1)))
	must(t, engine.Upgrade(t.Context(), chart("1.31.1", 2)))
	must(t, engine.RollBack(t.Context(), helm.Back{Namespace: namespace, Name: "plane", To: 1, Why: "it did not start"}))

	list := command.rows("list", "--all-namespaces", "--selector", "meshloom.io/owner=Mesh.shop")
	if len(list) != 1 || list[0]["name"] != "plane" || list[0]["status"] != "deployed" || list[0]["chart"] != "plane-1.31.0" || list[0]["app_version"] != "1.31.0" {
		t.Errorf("helm list: %v", list)
	}
	history := command.rows("history", "plane")
	var told []string
	for _, row := range history {
		told = append(told, row["status"].(string)+", "+row["description"].(string))
	}
	want := []string{
		"superseded, Meshloom: installed chart plane 1.31.0",
		"superseded, Meshloom: upgraded to chart plane 1.31.1",
		"deployed, Meshloom: it did not start",
	}
	if strings.Join(told, "\n") != strings.Join(want, "\n") {
		t.Errorf("helm history:\n%s\nwant:\n%s", strings.Join(told, "\n"), strings.Join(want, "\n"))
	}

	command.run("rollback", "plane", "2")
	releases, err := engine.Releases(t.Context())
	must(t, err)
	if len(releases) != 1 || releases[0].Revision != 4 || releases[0].Ours || releases[0].ChartVersion != "1.31.1" {
		t.Errorf("after helm rollback: %+v", releases)
	}
	must(t, engine.Upgrade(t.Context(), chart("1.31.1", 3)))
	command.run("uninstall", "plane")
	if releases, err = engine.Releases(t.Context()); err != nil || len(releases) > 0 {
		t.Errorf("after helm uninstall: %+v, %v", releases, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
