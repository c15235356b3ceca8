// Command operator keeps the native objects of meshes and ingresses as the
// unified API says, and says in the status of its objects what became of them.
// Several replicas may run: one leads, the others know what it knows.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/translators/all"
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
	config, err := f.restConfig()
	if err != nil {
		return fmt.Errorf("find cluster: %w", err)
	}
	options := controllers.Options{
		Providers: all.Providers(), Workers: f.workers, Settle: f.settle, Registerer: ctrlmetrics.Registry,
	}
	managed, err := f.manager(options)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(config, managed)
	if err != nil {
		return fmt.Errorf("make manager: %w", err)
	}
	progress, err := controllers.Add(mgr, options)
	if err != nil {
		return err
	}
	if err := addProbes(mgr, progress); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}
