// Command operator keeps the native objects of meshes and ingresses as the
// unified API says, says in the status of its objects what became of them, and
// installs the meshes that are to be managed. The two parts may run in one
// process or in two. Several replicas may run: one leads, the others know what
// it knows.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/meshloom/meshloom/internal/version"
)

func main() {
	flags, err := parse(os.Args[1:])
	if err != nil {
		if errors.Is(err, pflag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(64)
	}
	if err := run(flags); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run operates until the process is told to end, or leadership is lost.
func run(f *flags) error {
	ctrl.SetLogger(logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: f.level()})))
	ctrl.Log.Info("Starting", "version", version.Build(), "controllers", f.controllers)
	config, err := f.restConfig()
	if err != nil {
		return fmt.Errorf("find cluster: %w", err)
	}
	managers, err := f.managers(config)
	if err != nil {
		return err
	}
	return runAll(ctrl.SetupSignalHandler(), managers)
}
