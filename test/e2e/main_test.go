//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/scenarios"
	"github.com/meshloom/meshloom/test/stage"
)

// clusterName is the local cluster's, one for each run, so that two runs side
// by side do not meet. With E2E_KEEP it is the same for all runs: one that is
// up is used, and none is taken down.
func clusterName() string {
	if kept() {
		return "e2e"
	}
	return fmt.Sprintf("e2e-%d", os.Getpid())
}

func kept() bool { return os.Getenv("E2E_KEEP") != "" }

// suite is what all tests play on, made once by TestMain.
var suite *theatre

// theatre is a stage with the applications of the scenarios.
type theatre struct {
	*stage.Stage
	base   *scenarios.Base
	report *report.Report
}

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// run sets up, runs the tests, reports, and leaves nothing behind.
func run(ctx context.Context, m *testing.M) (code int, err error) {
	begun := time.Now()
	log.SetLogger(logr.Discard())
	suite = &theatre{report: new(report.Report)}
	defer func() { err = errors.Join(err, suite.end(context.WithoutCancel(ctx))) }()
	if err := suite.setUp(ctx); err != nil {
		return 1, err
	}
	fmt.Printf("e2e: the stage is set (%.0f s)\n", time.Since(begun).Seconds())
	code = suite.run(ctx, m)
	if code != 0 {
		suite.explain(ctx)
	}
	root, err := binaries.Repository()
	if err != nil {
		return 1, err
	}
	return code, suite.report.Publish(os.Stdout, "e2e", filepath.Join(root, ".work", "e2e.json"))
}

// run runs the tests, which know of no interrupt: it ends them here.
func (s *theatre) run(ctx context.Context, m *testing.M) int {
	defer context.AfterFunc(ctx, func() {
		if err := s.end(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
		}
		os.Exit(1)
	})()
	return m.Run()
}

// explain prints what may say why tests failed.
func (s *theatre) explain(ctx context.Context) {
	text, err := s.OperatorLog(ctx)
	if err != nil {
		text = err.Error()
	}
	fmt.Printf("\ne2e: the end of the operator's log\n%s\n", text)
}

// end takes down the cluster of this run, however far the set-up came.
func (s *theatre) end(ctx context.Context) error {
	if kept() || os.Getenv("KUBECONFIG") != "" {
		return nil
	}
	return local.Down(ctx, clusterName())
}

// setUp does at once what needs not wait for anything else.
func (s *theatre) setUp(ctx context.Context) error {
	var err error
	if s.base, err = scenarios.NewBase(); err != nil {
		return err
	}
	options := lab.Options{Kubeconfig: os.Getenv("KUBECONFIG"), Name: clusterName(), Progress: os.Stdout}
	if s.Stage, err = stage.Open(ctx, options); err != nil {
		return err
	}
	operator, inner := errgroup.WithContext(ctx)
	operator.Go(func() error { return s.LoadOperator(inner) })
	gateway := gatewayKey()
	err = s.InstallIstio(ctx, istio.Gateway{Name: gateway.Name, Namespace: gateway.Namespace})
	if err := errors.Join(err, operator.Wait()); err != nil {
		return err
	}
	if err := s.Apply(ctx, s.base.Apps); err != nil {
		return err
	}
	if err := s.InstallOperator(ctx); err != nil {
		return err
	}
	if err := s.Put(ctx, s.base.Mesh); err != nil {
		return err
	}
	for _, namespace := range s.base.Namespaces {
		if err := s.AwaitDeployments(ctx, namespace); err != nil {
			return err
		}
	}
	return nil
}

func gatewayKey() client.ObjectKey {
	return client.ObjectKey{Namespace: scenarios.Gateway.Namespace, Name: scenarios.Gateway.ServiceAccount}
}
