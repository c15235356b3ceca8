package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/stage"
)

// errCount says that what was counted is not what was asked for.
var errCount = errors.New("some counts are not as asked: see above")

// demo is one run.
type demo struct {
	*printer
	*stage.Stage

	// cluster is the name of the local one.
	cluster  string
	requests int
	// smoke says that the cluster is taken down at the end.
	smoke bool
	// root is the repository, and meshctl the program built from it.
	root, meshctl string
	// adopted says that the mesh was there before, and is somebody else's.
	adopted bool
	// off counts what was not as asked for.
	off int
}

// step is a part of the demo that is announced and timed.
type step struct {
	title string
	// why says what the step is for.
	why string
	run func(context.Context) error
}

func (d *demo) run(ctx context.Context) error {
	begun := time.Now()
	var err error
	if d.root, err = binaries.Repository(); err != nil {
		return err
	}
	d.meshctl = filepath.Join(d.root, "bin", "meshctl")
	if err := checkContext(); err != nil {
		return err
	}
	steps := append(d.preparations(), d.acts()...)
	for i, s := range steps {
		if err := d.step(ctx, fmt.Sprintf("%2d/%d", i+1, len(steps)), s); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.out, "\nThat was all of it, in %.0f s.\n", time.Since(begun).Seconds())
	if !d.smoke {
		d.farewell()
	}
	if d.off > 0 {
		return errCount
	}
	return nil
}

// example returns the path of a file of the Bookinfo example.
func (d *demo) example(file string) string {
	return filepath.Join(d.root, "examples", "bookinfo", file)
}

// end takes down the local cluster, if it was brought up.
func (d *demo) end(ctx context.Context) error {
	if d.Stage == nil {
		return nil
	}
	return d.Close(ctx)
}
