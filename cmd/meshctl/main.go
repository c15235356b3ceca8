// Command meshctl is the command line of Meshloom.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/translators/all"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // it runs for a moment: memory is cheaper than collecting it
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, cli.Config{Providers: all.Providers(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}
