// Command meshctl is the command line of Meshloom.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/term"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/translators/all"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // it runs for a moment: memory is cheaper than collecting it
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends it at once
	code := cli.Main(ctx, cli.Config{
		Providers: all.Providers(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: isTerminal(os.Stdin) && isTerminal(os.Stderr),
	}, os.Args[1:])
	stop()
	os.Exit(code)
}

// isTerminal says whether a person sits at the other end.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
