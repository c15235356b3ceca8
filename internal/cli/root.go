// Package cli is meshctl: data on stdout, words on stderr, and exit codes that
// scripts can rely on. Verbs that need a cluster take kubectl's flags; those
// that work on files need none.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/meshloom/meshloom/translators"
)

// Config is what meshctl is made from.
type Config struct {
	Providers []translators.Provider
	In        io.Reader
	Out, Err  io.Writer
	// Terminal says that In and Err are one that a person sits at: only then
	// meshctl asks.
	Terminal bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Main runs meshctl with the arguments and returns its exit code.
func Main(ctx context.Context, cfg Config, args []string) int {
	root := newRoot(cfg)                      //nolint:contextcheck // cobra hands the context to the verbs
	root.SetArgs(append([]string{}, args...)) // nil would mean the process's own
	err := root.ExecuteContext(ctx)
	if err != nil && !errors.Is(err, errFound) {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			_, _ = fmt.Fprintf(cfg.Err, "error: %s\n", line)
		}
	}
	return exitCode(err)
}

// app is what the verbs share.
type app struct {
	Config
	flags *genericclioptions.ConfigFlags
}

func newRoot(cfg Config) *cobra.Command {
	a := &app{Config: cfg, flags: genericclioptions.NewConfigFlags(true)}
	root := &cobra.Command{
		Use:   "meshctl",
		Short: "One API for every service mesh and ingress",
		Long: `meshctl translates, checks and shows objects of the Meshloom API.

Exit codes: 0 done; 1 done, and something was found (a difference, a rejected
object); 2 it could not be done; 64 the command line is wrong.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Args:          noArgs,
	}
	root.SetIn(cfg.In)
	root.SetOut(cfg.Out)
	root.SetErr(cfg.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	a.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(
		a.translate(), a.validate(), a.diff(), a.get(), a.describe(), a.capabilities(), a.pairings(), a.install(), a.upgrade(), a.rollback(),
		a.uninstall(), a.adopt(), a.release(), a.check(), a.bundle(), a.version(),
	)
	return root
}

// noArgs refuses positional arguments as a wrong command line.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("unknown command or argument %q for %q; see %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())}
}

// usagef returns a wrong command line.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// note prints words for a person.
func (a *app) note(format string, args ...any) { _, _ = fmt.Fprintf(a.Err, format+"\n", args...) }
