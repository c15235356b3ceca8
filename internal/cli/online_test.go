package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshloom/meshloom/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m, "../../apis/v1alpha1/crds")) }

// kubeconfig writes the way to the test's API server into a file.
func kubeconfig(t *testing.T, cfg *rest.Config, namespace string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	err := clientcmd.WriteToFile(api.Config{
		Clusters:       map[string]*api.Cluster{"c": {Server: cfg.Host, CertificateAuthorityData: cfg.CAData}},
		AuthInfos:      map[string]*api.AuthInfo{"u": {ClientCertificateData: cfg.CertData, ClientKeyData: cfg.KeyData}},
		Contexts:       map[string]*api.Context{"x": {Cluster: "c", AuthInfo: "u", Namespace: namespace}},
		CurrentContext: "x",
	}, path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// verbs runs meshctl against a cluster.
type verbs struct {
	t      *testing.T
	config string
}

// run runs a verb that has to end with the code.
func (v verbs) run(code int, args ...string) (stdout, stderr string) {
	v.t.Helper()
	stdout, stderr, got := run(v.t, "", append(args, "--kubeconfig", v.config)...)
	if got != code {
		v.t.Errorf("meshctl %s: exit code %d, want %d; stderr:\n%s", strings.Join(args, " "), got, code, stderr)
	}
	return stdout, stderr
}

func equal(a, b any) bool { return cmp.Equal(a, b) }

func TestVerbsOnACluster(t *testing.T) {
	r := rig.New(t)
	config := kubeconfig(t, r.Config, r.Namespace)
	manifests := filepath.Join(t.TempDir(), "split.yaml")
	split := strings.ReplaceAll(rig.Split, "NS", r.Namespace)
	if err := os.WriteFile(manifests, []byte(split), 0o600); err != nil {
		t.Fatal(err)
	}
	meshctl := verbs{t, config}.run

	r.Apply(rig.Shop)
	stdout, _ := meshctl(ExitFound, "diff", "-f", manifests)
	contains(t, "diff before", stdout, []string{"--- /dev/null", "+kind: VirtualService", "+kind: DestinationRule"})
	_, stderr := meshctl(ExitOK, "get", "trafficsplits")
	contains(t, "get of nothing", stderr, []string{"No objects"})
	meshctl(ExitFailed, "describe", "trafficsplit", "reviews")

	r.Apply(rig.Split)
	r.Operate()
	r.Condition("TrafficSplit", "reviews", "Ready=True/Ready")

	stdout, stderr = meshctl(ExitOK, "diff", "-f", manifests)
	if stdout != "" {
		t.Errorf("diff of what is applied:\n%s\nstderr:\n%s", stdout, stderr)
	}
	if err := os.WriteFile(manifests, []byte(strings.NewReplacer("75", "60", "25", "40").Replace(split)), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, _ = meshctl(ExitFound, "diff", "-f", manifests)
	contains(t, "diff of other weights", stdout, []string{"-      weight: 75", "+      weight: 60"})
	if strings.Contains(stdout, "DestinationRule") {
		t.Errorf("diff names an object that does not change but for its sources:\n%s", stdout)
	}

	stdout, _ = meshctl(ExitOK, "get", "-A")
	contains(t, "get", stdout, []string{"KIND", "TrafficSplit", "reviews", "True"})
	stdout, _ = meshctl(ExitOK, "get", "mlsplit", "reviews", "-o", "name")
	contains(t, "get by short name", stdout, []string{"trafficsplit.meshloom.io/reviews"})
	stdout, _ = meshctl(ExitOK, "describe", "trafficsplit", "reviews")
	contains(t, "describe", stdout, []string{"Ready=True", "Service/reviews on Mesh/", "VirtualService " + r.Namespace + "/" + rig.Native})
	stdout, _ = meshctl(ExitOK, "describe", "trafficsplit", "reviews", "-o", "json")
	var doc description
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil || len(doc.Native) != 2 {
		t.Errorf("describe -o json: %v with %d native objects, want 2", err, len(doc.Native))
	}
	stdout, _ = meshctl(ExitOK, "version")
	contains(t, "version", stdout, []string{"meshctl "})
}
