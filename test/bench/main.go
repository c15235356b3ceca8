// Command bench measures the numbers that docs/testing.md promises, beside
// those of a bare client where there is one to compare with, and prints them as
// a table and as JSON. It is run by hand, on a machine that does nothing else:
//
//	go run ./test/bench
//	go run ./test/bench -sizes 100,1000 -only online
//
// The operator is the real one, in this process; the API server is a real one,
// too. Nothing is judged by time but in the table.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	sizes := flags.String("sizes", "100,1000,10000", "numbers of services at which edits are measured")
	edits := flags.Int("edits", 200, "edits measured at each size")
	routes := flags.Int("routes", 5000, "routes with which metrics are counted; at most one a service")
	only := flags.String("only", "offline,process,online", "what is measured")
	out := flags.String("out", filepath.Join(".work", "bench.json"), "file for the report as JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	s := settings{edits: *edits, routes: *routes}
	for text := range strings.SplitSeq(*sizes, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 1 {
			return fmt.Errorf("-sizes %q: not positive numbers, separated by commas", *sizes)
		}
		s.sizes = append(s.sizes, size)
	}
	ctrl.SetLogger(logr.Discard())
	r := &Report{Machine: machine(), progress: os.Stderr, begun: time.Now()}
	if err := measure(ctx, r, s, strings.Split(*only, ",")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*out), 0o755); err != nil {
		return fmt.Errorf("make folder of report: %w", err)
	}
	if err := r.save(*out); err != nil {
		return err
	}
	fmt.Printf("%s\n\n", r.Machine)
	return r.table(os.Stdout)
}

// measure runs the parts that were asked for.
func measure(ctx context.Context, r *Report, s settings, parts []string) error {
	for _, part := range parts {
		var err error
		switch part {
		case "offline":
			err = offlineAsMeshctl(r, s)
		case "process":
			err = process(ctx, r)
		case "online":
			err = online(ctx, r, s)
		default:
			err = fmt.Errorf("-only %q: can be offline, process and online", part)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// offlineAsMeshctl measures with the garbage collector set as in meshctl.
func offlineAsMeshctl(r *Report, s settings) error {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	return offline(r, s.sizes[len(s.sizes)-1])
}
