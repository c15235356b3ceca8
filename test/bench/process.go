package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/meshloom/meshloom/test/binaries"
)

// runsOfProcess is how often the program is run.
const runsOfProcess = 20

// process measures the whole of `meshctl translate` of Bookinfo, from the start
// of the process to its end, beside that of a verb that does nothing.
func process(ctx context.Context, r *Report) error {
	root, err := binaries.Repository()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "meshloom-bench-*")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	meshctl := filepath.Join(dir, "meshctl")
	r.note("building meshctl")
	build := exec.CommandContext(ctx, "go", "build", "-o", meshctl, "./cmd/meshctl")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build meshctl: %w", err)
	}
	var translate, nothing timings
	for range runsOfProcess {
		if err := nothing.run(ctx, root, meshctl, "version", "--client"); err != nil {
			return err
		}
		if err := translate.run(ctx, root, meshctl, "translate", "-f", "examples/bookinfo", "--mesh", "istio", "--ingress", "istio"); err != nil {
			return err
		}
	}
	const what = "meshctl translate of Bookinfo: "
	r.add(Number{what + "p50", 0, quantile(translate.wall, 0.5), "ms"}, atMost(100))
	r.compare(Number{what + "p50 beside version --client", 0, quantile(translate.wall, 0.5), "ms"}, quantile(nothing.wall, 0.5), nil)
	r.compare(Number{what + "CPU time, p50", 0, quantile(translate.cpu, 0.5), "ms"}, quantile(nothing.cpu, 0.5), nil)
	return nil
}

// timings are what runs of one command took, in milliseconds.
type timings struct{ wall, cpu []float64 }

func (t *timings) run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout = dir, io.Discard
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run meshctl %s: %w", args[0], err)
	}
	t.wall = append(t.wall, milliseconds(time.Since(begun)))
	t.cpu = append(t.cpu, milliseconds(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
