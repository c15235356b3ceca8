// Package istiod runs a real istiod beside a real kube-apiserver, without a
// cluster, so that tests can read over ADS what it makes of native objects.
//
// A package opts in once and its tests share one istiod, which starts when the
// first of them asks:
//
//	func TestMain(m *testing.M) { os.Exit(istiod.Main(m)) }
//
//	func TestSplit(t *testing.T) {
//		i := istiod.Shared(t)
//		ns := i.Namespace(t)
//		i.Apply(t, ns, objects...)
//		s, err := ads.Await(t.Context(), i.XDS, ads.Sidecar(...), check)
//	}
//
// No controller and no kubelet runs: Place makes the pods and endpoints of
// Deployments and Services. The webhooks are off; schemas are checked, what
// only the webhook refuses is not.
package istiod

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/engines/process"
	"github.com/meshloom/meshloom/test/envtest"
)

// Istiod is a running istiod and the API server that it watches.
type Istiod struct {
	// XDS is the address of discovery, in plaintext and without
	// authentication.
	XDS string
	// Config is an administrator's access to the API server.
	Config *rest.Config
	Client client.Client

	server  *envtest.Server
	process *process.Process
	folder  string
	serial  atomic.Uint32
}

// rootNamespace is istiod's own: policies there hold for all namespaces.
const rootNamespace = "istio-system"

// New starts an API server with Istio's CRDs and those of the given folders or
// files, and istiod beside it. The caller stops it.
func New(ctx context.Context, crds ...string) (*Istiod, error) {
	programs, err := binaries.Istio(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	source, err := binaries.ModuleDir(ctx, "istio", "istio.io/istio")
	if err != nil {
		return nil, err
	}
	crds = append(crds, filepath.Join(source, "manifests", "charts", "base", "files", "crd-all.gen.yaml"))
	server, err := envtest.New(ctx, crds...)
	if err != nil {
		return nil, err
	}
	i := &Istiod{Config: server.Config, server: server}
	if err := i.start(ctx, filepath.Join(programs, "pilot-discovery")); err != nil {
		return nil, errors.Join(err, i.Stop())
	}
	return i, nil
}

func (i *Istiod) start(ctx context.Context, binary string) error {
	var err error
	if i.Client, err = client.New(i.Config, client.Options{}); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	root := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: rootNamespace}}
	if err := i.Client.Create(ctx, root); err != nil {
		return fmt.Errorf("create namespace: %w", err)
	}
	if i.folder, err = os.MkdirTemp("", "istiod-*"); err != nil {
		return fmt.Errorf("make folder for istiod: %w", err)
	}
	kubeconfig := filepath.Join(i.folder, "kubeconfig")
	if err := writeKubeconfig(kubeconfig, i.Config); err != nil {
		return err
	}
	ports, err := freePorts(ctx, 3)
	if err != nil {
		return err
	}
	i.XDS = ports[0]
	// It lives until Stop, longer than the test that starts it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, "discovery", "--kubeconfig", kubeconfig, "--meshConfig", "none",
		"--grpcAddr", i.XDS, "--secureGRPCAddr", "", "--httpsAddr", "",
		"--httpAddr", ports[1], "--monitoringAddr", ports[2], "--ctrlz_port", "0")
	cmd.Dir = i.folder
	cmd.Env = append(os.Environ(), "POD_NAMESPACE="+rootNamespace, "POD_NAME=istiod-0", "REVISION=default", "CLUSTER_ID=Kubernetes",
		// What the cluster's own istiod is told, because its proxies are plain
		// Envoys: see test/istio.
		"PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_ENABLE_ALPN_FILTER=false")
	if i.process, err = process.Start(cmd, filepath.Join(i.folder, "log")); err != nil {
		return err
	}
	return i.awaitReady(ctx, "http://"+ports[1]+"/ready")
}

// awaitReady returns when istiod has read all of the API server's objects.
func (i *Istiod) awaitReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		if ready(ctx, url) {
			return nil
		}
		select {
		case <-i.process.Ended():
			return fmt.Errorf("istiod ended: %s", i.process.LastWords())
		case <-ctx.Done():
			return fmt.Errorf("wait for istiod: %w: %s", ctx.Err(), i.process.LastWords())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// Stop ends istiod and the API server and removes their files.
func (i *Istiod) Stop() error {
	if i.process != nil {
		// Asked politely, it waits half a minute for leases.
		i.process.Kill()
	}
	err := i.server.Stop()
	if i.folder != "" {
		err = errors.Join(err, os.RemoveAll(i.folder))
	}
	return err
}

// freePorts returns addresses on loopback that nobody listens to.
func freePorts(ctx context.Context, n int) ([]string, error) {
	addresses := make([]string, n)
	for i := range addresses {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// Closed at the end, so that no two are the same.
		defer l.Close()
		addresses[i] = l.Addr().String()
	}
	return addresses, nil
}
