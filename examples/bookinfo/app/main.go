// Command app is every service of the Bookinfo example in one program.
//
// The variable SERVICE says which one a process is: productpage, details,
// reviews or ratings; VERSION says which version of it. Each service answers
// with JSON that names the service, its version and its pod, and with the same
// in headers, so that a client can count which version answered without
// reading bodies. Faults are asked for by the request (see faults.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		slog.Error("Bookinfo stopped", "error", err)
		os.Exit(1)
	}
}

// run serves until it is told to stop, and then lets open requests end.
func run() error {
	listen := flag.String("listen", env("LISTEN", ":9080"), "address to serve on")
	name := flag.String("service", env("SERVICE", "productpage"), "productpage, details, reviews or ratings")
	version := flag.String("version", env("VERSION", "v1"), "version to answer as")
	drain := flag.Duration("drain", 3*time.Second, "how long to go on serving after the signal to stop, while callers learn of it")
	flag.Parse()

	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("read the name of this host: %w", err)
	}
	s, err := newService(*name, *version, host)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: *listen, Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	slog.Info("Serving", "service", *name, "version", *version, "address", *listen)
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", *listen, err)
	case <-ctx.Done():
	}
	return shutDown(server, *drain)
}

// shutDown keeps serving for the drain time, then closes what is idle and
// waits for the requests that are still open.
func shutDown(server *http.Server, drain time.Duration) error {
	server.SetKeepAlivesEnabled(false)
	time.Sleep(drain)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("shut the server down: %w", err)
	}
	return nil
}

// env returns the value of a variable, or a default where it is not set.
func env(name, otherwise string) string {
	if v := strings.TrimSpace(os.Getenv(name)); v != "" {
		return v
	}
	return otherwise
}
