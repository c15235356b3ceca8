// Package envtest gives the tests of a package a real etcd and kube-apiserver
// with the CRDs they need.
//
// A package opts in once and its tests share one server, which starts when the
// first of them asks:
//
//	func TestMain(m *testing.M) { os.Exit(envtest.Main(m, "../../install/crds")) }
//
//	func TestReconcile(t *testing.T) {
//		cfg := envtest.Config(t)
//		...
//	}
//
// The server is empty but for the CRDs. Tests that share it keep apart by
// namespaces of their own; no controller runs, so a deleted namespace stays.
// The binaries are those of KUBEBUILDER_ASSETS where it is set, else the ones
// that test/binaries builds; nothing is downloaded.
package envtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/meshloom/meshloom/test/binaries"
)

// shared is the server of the package under test. Main fills in the CRDs.
var shared struct {
	sync.Mutex
	server  *Server
	err     error
	crdDirs []string
	usable  bool
}

// Main runs the tests of a package and stops the shared server, if any of them
// started it, whatever their outcome. The folders hold CRDs as YAML files and
// are relative to the package; one that does not exist is an error.
func Main(m *testing.M, crdDirs ...string) int {
	shared.crdDirs, shared.usable = crdDirs, true
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return code
	}
	if err := shared.server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "envtest:", err)
		return max(code, 1)
	}
	return code
}

// Config returns an administrator's access to the shared server. Each call
// returns a copy of its own.
func Config(t testing.TB) *rest.Config {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.usable {
		t.Fatal("envtest.Config needs a TestMain that calls envtest.Main")
	}
	if shared.server == nil && shared.err == nil {
		// The server outlives the test that starts it, so not t.Context().
		shared.server, shared.err = New(context.Background(), shared.crdDirs...)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return rest.CopyConfig(shared.server.Config)
}

// Start returns access to a server of the test's own, which stops when the
// test ends. It takes seconds: prefer Config.
func Start(t testing.TB, crdDirs ...string) *rest.Config {
	t.Helper()
	server, err := New(t.Context(), crdDirs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server.Config
}

// Server is a running etcd and kube-apiserver.
type Server struct {
	// Config is an administrator's access. Rate limits are off.
	Config *rest.Config

	environment *envtest.Environment
}

// New starts a server for callers that are no tests, such as benchmarks'
// programs. The caller stops it.
func New(ctx context.Context, crdDirs ...string) (*Server, error) {
	assets, err := binaries.ControlPlane(ctx, os.Stderr)
	if err != nil {
		return nil, fmt.Errorf("get control plane: %w", err)
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: assets,
		CRDDirectoryPaths:     crdDirs,
		ErrorIfCRDPathMissing: true,
		// A loaded machine needs more than the 20 s that are the default.
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
	}
	environment.ControlPlane.Etcd = &envtest.Etcd{Path: filepath.Join(assets, "etcd")}
	environment.ControlPlane.APIServer = apiServer(assets)
	config, err := environment.Start()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start control plane of %s: %w", assets, err), environment.Stop())
	}
	config.QPS = -1
	return &Server{Config: config, environment: environment}, nil
}

func apiServer(assets string) *envtest.APIServer {
	server := &envtest.APIServer{Path: filepath.Join(assets, "kube-apiserver")}
	server.Configure().
		// Without them the server looks for an address that is not loopback and
		// fails on a machine that has none.
		Set("advertise-address", "127.0.0.1").
		Set("endpoint-reconciler-type", "none")
	return server
}

// Stop ends the server and removes its data.
func (s *Server) Stop() error {
	if err := s.environment.Stop(); err != nil {
		return fmt.Errorf("stop control plane: %w", err)
	}
	return nil
}
