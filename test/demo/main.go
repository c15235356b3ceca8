// Command demo shows the main job of Meshloom on real input: it translates the
// Bookinfo example offline, then runs it on a real Kubernetes with a real
// Istio, applies each object of the unified API, shows what it became, and
// counts requests inside the mesh and through the gateway.
//
//	go run ./test/demo            # a cluster of its own, which stays up
//	go run ./test/demo --smoke    # the same, and the cluster is taken down
//	DEMO_CONTEXT=kind go run ./test/demo
//
// It never uses the current context of a kubeconfig: another cluster than its
// own is used only where DEMO_CONTEXT names it. It ends with code 1 where a
// count is not what was asked for, and with 2 where something could not be
// done.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshloom/meshloom/test/cluster/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// smokeCluster is taken down at the end. It is not the one that people use, and
// not that of another run.
func smokeCluster() string { return fmt.Sprintf("demo-%d", os.Getpid()) }

func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	smoke := flags.Bool("smoke", false, "use a cluster of its own name and take it down at the end")
	name := flags.String("name", "", "name of the local cluster ("+local.DefaultName+")")
	requests := flags.Int("requests", 2000, "how many requests to send for each split")
	if err := flags.Parse(args); err != nil {
		return 64
	}
	if *name == "" {
		*name = local.DefaultName
		if *smoke {
			*name = smokeCluster()
		}
	}
	log.SetLogger(logr.Discard())
	d := &demo{printer: &printer{out: os.Stdout}, cluster: *name, requests: *requests, smoke: *smoke}
	err := d.run(ctx)
	if *smoke {
		err = errors.Join(err, d.end(context.WithoutCancel(ctx)))
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errCount):
		fmt.Fprintln(os.Stderr, "demo:", err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "demo:", err)
	return 2
}
