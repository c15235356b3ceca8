//go:build e2e

package consul

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

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/report"
)

var (
	// set is the stage that all tests play on.
	set *stage
	// results are of all tests here.
	results report.Report
)

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	part := func() (int, error) { return outside(ctx) }
	if inRoom() {
		part = func() (int, error) { return inside(ctx, m) }
	}
	code, err := part()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "consul:", err)
		code = 1
	}
	os.Exit(code)
}

// outside gets the programs, for which it needs the network, and then has the
// tests run in the room.
func outside(ctx context.Context) (int, error) {
	if tooLate() {
		fmt.Println("NOT RUN: test/engines/consul: the time that E2E_UNTIL names is past")
		return 0, nil
	}
	agent, err := binaries.Consul(ctx, os.Stderr)
	if err != nil {
		return 1, err
	}
	envoy, err := binaries.Envoy(ctx, binaries.ConsulEnvoyVersion, os.Stderr)
	if err != nil {
		return 1, err
	}
	return enter(ctx, consulVariable+"="+agent, envoyVariable+"="+envoy)
}

// tooLate says whether the run was to be over by now.
func tooLate() bool {
	until, err := strconv.ParseInt(os.Getenv("E2E_UNTIL"), 10, 64)
	return err == nil && time.Now().After(time.Unix(until, 0))
}

// inside opens the stage, runs the tests and publishes what they counted.
func inside(ctx context.Context, m *testing.M) (code int, err error) {
	begun := time.Now()
	if err := furnish(); err != nil {
		return 1, err
	}
	folder, err := os.MkdirTemp("", "consul-*")
	if err != nil {
		return 1, fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	set = &stage{folder: folder}
	defer set.close()
	if err := set.open(ctx); err != nil {
		return 1, err
	}
	fmt.Printf("consul: the stage is set (%.0f s)\n", time.Since(begun).Seconds())
	if code = m.Run(); code != 0 {
		fmt.Printf("\nconsul: the end of Consul's log\n%s\n", set.agent.process.LastWords())
	}
	root, err := binaries.Repository()
	if err != nil {
		return 1, err
	}
	return code, results.Publish(os.Stdout, "consul", filepath.Join(root, ".work", "consul.json"))
}
