//go:build e2e

package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/report"
	"github.com/meshloom/meshloom/test/stage"
)

// life is the one life that all tests here are a part of.
var life *world

// world is a cluster on which everything is Meshloom's doing.
type world struct {
	*stage.Stage
	report report.Report
	// empty is what the cluster held before.
	empty stage.Snapshot
	// failed says that a step failed: the next ones would say nothing.
	failed bool
}

// clusterName is that of this run alone, so that two runs side by side do not
// meet. With E2E_KEEP it is the same for all, and the cluster is left up.
func clusterName() string {
	if kept() {
		return "lifecycle"
	}
	return fmt.Sprintf("life-%d", os.Getpid())
}

func kept() bool { return os.Getenv("E2E_KEEP") != "" }

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, m)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lifecycle:", err)
		code = 1
	}
	os.Exit(code)
}

// run sets up, runs the tests, reports, and leaves nothing behind.
func run(ctx context.Context, m *testing.M) (code int, err error) {
	if os.Getenv("KUBECONFIG") != "" {
		fmt.Println("NOT RUN: test/lifecycle: it kills the components of its cluster, which has to be its own")
		return 0, nil
	}
	begun := time.Now()
	log.SetLogger(logr.Discard())
	life = new(world)
	defer func() { err = errors.Join(err, end(context.WithoutCancel(ctx))) }()
	if err := life.setUp(ctx); err != nil {
		return 1, err
	}
	fmt.Printf("lifecycle: the cluster is empty and has all images (%.0f s)\n", time.Since(begun).Seconds())
	defer context.AfterFunc(ctx, func() {
		if err := end(context.WithoutCancel(ctx)); err != nil {
			fmt.Fprintln(os.Stderr, "lifecycle:", err)
		}
		os.Exit(1)
	})()
	if code = m.Run(); code != 0 {
		life.explain(ctx)
	}
	root, err := binaries.Repository()
	if err != nil {
		return 1, err
	}
	return code, life.report.Publish(os.Stdout, "lifecycle", filepath.Join(root, ".work", "lifecycle.json"))
}

func end(ctx context.Context) error {
	if kept() {
		return nil
	}
	return local.Down(ctx, clusterName())
}

// setUp brings up a cluster that holds nothing but the server of charts, and
// remembers what that is.
func (w *world) setUp(ctx context.Context) error {
	var err error
	if w.Stage, err = stage.Open(ctx, lab.Options{Name: clusterName(), Progress: os.Stdout}); err != nil {
		return err
	}
	if err := w.LoadProduct(ctx, binaries.PreviousIstioVersion, binaries.IstioVersion); err != nil {
		return err
	}
	if err := w.ServeCharts(ctx); err != nil {
		return err
	}
	w.empty, err = w.TakeSnapshot(ctx)
	return err
}

// explain prints what may say why a test failed.
func (w *world) explain(ctx context.Context) {
	text, err := w.OperatorLog(ctx)
	if err != nil {
		text = err.Error()
	}
	fmt.Printf("\nlifecycle: the end of Meshloom's logs\n%s\n", text)
}

// TestLife is a mesh's life.
func TestLife(t *testing.T) {
	for _, step := range []struct {
		name string
		run  func(*testing.T)
		// takes is how long the step and all after it take, of a step that the
		// others can do without.
		takes time.Duration
	}{
		{"install", install, 0},
		{"dry runs write nothing", dryRuns, 0},
		{"broken upgrades roll back", brokenUpgrades, 0},
		{"canary upgrade", canaryUpgrade, 0},
		{"Helm shows and is believed", helm, 0},
		{"downgrade in place, with everything killed", downgrade, 0},
		{"upgrade in place", inPlaceUpgrade, 0},
		{"root rotation", rootRotation, 15 * time.Minute},
		{"removal of the mesh", removeMesh, 0},
		{"a foreign Istio", foreign, 0},
		{"uninstall", uninstall, 0},
	} {
		if left, bounded := timeLeft(); bounded && step.takes > left {
			fmt.Printf("NOT RUN: test/lifecycle: %s: it needs %s and %s are left\n", step.name, step.takes, left.Round(time.Second))
			continue
		}
		t.Run(step.name, func(t *testing.T) {
			if life.failed {
				t.Fatal("a step before failed")
			}
			t.Cleanup(func() { life.failed = life.failed || t.Failed() })
			step.run(t)
		})
	}
}

// timeLeft is how long the run may still take, and whether anybody said so: with
// E2E_UNTIL, in seconds since 1970.
func timeLeft() (time.Duration, bool) {
	until, err := strconv.ParseInt(os.Getenv("E2E_UNTIL"), 10, 64)
	return time.Until(time.Unix(until, 0)), err == nil
}

// happening adds a line to the report for what is no count of requests.
func happening(t *testing.T, what, expected string, act func() (string, error)) {
	t.Helper()
	begun := time.Now()
	got, err := act()
	life.report.Add(report.Row{
		Scenario: t.Name(), Check: what, Expected: expected, Counted: got,
		Passed: err == nil && got == expected, Seconds: time.Since(begun).Seconds(),
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if got != expected {
		t.Errorf("%s: %s, want %s", what, got, expected)
	}
}

// must ends the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
