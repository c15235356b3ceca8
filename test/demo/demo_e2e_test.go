//go:build e2e

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/stage"
)

// TestSmoke runs the whole demo on a cluster that is taken down at the end,
// also when the test is ended early.
func TestSmoke(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "demo")
	if err := stage.Build(t.Context(), "./test/demo", binary); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, "--smoke")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}
