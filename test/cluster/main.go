// Command cluster brings up real Kubernetes clusters of one node on this
// machine, without Docker, and takes them down again:
//
//	go run ./test/cluster up
//	export KUBECONFIG=$(go run ./test/cluster kubeconfig)
//	go run ./test/cluster down
//
// Data goes to standard output, progress to standard error. Exit codes: 0 done,
// 1 the cluster is not up, 2 it could not be done, 64 wrong usage.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/cluster/node"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == node.Command {
		os.Exit(node.Main(os.Args[2:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, newCommand())
	stop()
	os.Exit(code)
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

// run executes a command and returns the exit code.
func run(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	var usage usageError
	var ended *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ended):
		return ended.ExitCode()
	}
	fmt.Fprintln(os.Stderr, "cluster:", err)
	switch {
	case errors.As(err, &usage):
		return 64
	case errors.Is(err, local.ErrDown):
		return 1
	}
	return 2
}
