package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/cluster/image"
	"github.com/meshloom/meshloom/test/cluster/node"
)

// Options says which cluster to bring up.
type Options struct {
	// Name tells clusters apart; empty is DefaultName.
	Name string
	// Progress gets a line for every long step. It may be nil.
	Progress io.Writer
	// Program is a built test/cluster that becomes the node. It is built where
	// the path is empty, which takes a Go toolchain and the repository.
	Program string
	// Pause is a built test/cluster/pause, and likewise.
	Pause string
}

// readyTimeout is for machines that are busy with other things as well.
const readyTimeout = 5 * time.Minute

// Up brings a cluster up and returns when pods run and names resolve in it.
// The first time on a machine it builds Kubernetes, which takes minutes. The
// cluster outlives this process; it lives until Down. When Up fails, nothing
// runs, and the logs stay in the state folder until the next Up or Down.
func Up(ctx context.Context, options Options) (*Cluster, error) {
	if options.Name == "" {
		options.Name = DefaultName
	}
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	dir, err := stateDir(options.Name)
	if err != nil {
		return nil, err
	}
	cni, err := requirements(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	programs, err := binaries.Kubernetes(ctx, options.Progress)
	if err != nil {
		return nil, fmt.Errorf("get Kubernetes: %w", err)
	}
	c, err := launch(ctx, options, node.Layout{Dir: dir, CNI: cni}, programs)
	if err != nil {
		return nil, fmt.Errorf("start cluster %s: %w", options.Name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	if err := c.wait(ctx, options.Progress); err != nil {
		return nil, errors.Join(err, c.end())
	}
	return c, nil
}

// launch starts the node in a new state folder. Only one process of this user
// does so at a time; what lies in the folder of a cluster that is not up was
// left by one that was interrupted.
func launch(ctx context.Context, options Options, layout node.Layout, programs string) (*Cluster, error) {
	unlock, err := lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	switch _, err := open(options.Name, layout.Dir); {
	case err == nil:
		return nil, ErrUp
	case !errors.Is(err, ErrDown):
		return nil, err
	}
	fmt.Fprintf(options.Progress, "start cluster %s ...\n", options.Name)
	if err := remove(layout); err != nil {
		return nil, err
	}
	if err := fill(ctx, layout, programs, options); err != nil {
		return nil, err
	}
	return start(options.Name, layout)
}

// fill puts into the state folder what the node reads: programs and images.
func fill(ctx context.Context, layout node.Layout, programs string, options Options) error {
	for _, dir := range []string{layout.Dir, layout.Bin(), layout.Images(), layout.Logs()} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(programs)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := linkOrCopy(filepath.Join(programs, entry.Name()), layout.Binary(entry.Name())); err != nil {
			return err
		}
	}
	if err := provide(ctx, options.Program, "./test/cluster", layout.Program()); err != nil {
		return err
	}
	if err := provide(ctx, options.Pause, "./test/cluster/pause", layout.Binary("pause")); err != nil {
		return err
	}
	return writeImages(layout)
}

// provide puts a program in its place, built already or now.
func provide(ctx context.Context, built, pkg, to string) error {
	if built == "" {
		return build(ctx, pkg, to)
	}
	return copyProgram(built, to)
}

func writeImages(layout node.Layout) error {
	images := map[string]string{"pause": node.PauseImage, "coredns": node.CoreDNSImage}
	for program, name := range images {
		spec := image.Spec{
			Name:       name,
			Files:      map[string]string{"/" + program: layout.Binary(program)},
			Entrypoint: []string{"/" + program},
		}
		if err := image.Write(filepath.Join(layout.Images(), program+".tar"), spec); err != nil {
			return err
		}
	}
	return nil
}

// build compiles one of this repository's programs.
func build(ctx context.Context, pkg, out string) error {
	root, err := binaries.Repository()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", out, pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return nil
}

func writeRecord(c *Cluster) error {
	text, err := json.Marshal(record{Init: c.init, CNI: c.layout.CNI})
	if err != nil {
		return err
	}
	return os.WriteFile(recordFile(c.layout.Dir), text, 0o644)
}
