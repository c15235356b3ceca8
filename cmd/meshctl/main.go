// Command meshctl is the command line of Meshloom.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/meshloom/meshloom/internal/cli"
	"github.com/meshloom/meshloom/translators/all"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, cli.Config{Providers: all.Providers(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(code)
}
