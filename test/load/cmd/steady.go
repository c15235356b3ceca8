package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/meshloom/meshloom/test/load"
)

// steady sends until it is told to stop. What it has counted it prints, and
// tells a ledger every second where one is named.
func steady(ctx context.Context, args []string) error {
	s := load.Steady{Every: time.Second}
	flags := flag.NewFlagSet("steady", flag.ContinueOnError)
	ledger := flags.String("ledger", "", "URL of a ledger to tell the counts")
	name := flags.String("name", cmp.Or(os.Getenv("HOSTNAME"), "steady"), "name in that ledger")
	health := flags.String("health", "", "address to answer probes on, while it sends")
	flags.Float64Var(&s.Rate, "rate", 100, "requests a second")
	flags.IntVar(&s.Fresh, "fresh", 0, "every so-manyth request makes a connection of its own (none)")
	var err error
	if s.Options, err = readOptions(flags, args); err != nil {
		return err
	}
	if *health != "" {
		server := &http.Server{Addr: *health, Handler: new(load.Server).Handler(), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.ListenAndServe() }() // A probe that gets no answer says it.
		defer server.Close()
	}
	if *ledger != "" {
		// One that fails is made good by the next, which holds all counts.
		s.Tell = func(r *load.Report) { _ = load.Tell(context.WithoutCancel(ctx), *ledger, *name, load.Entry{Report: r}) }
	}
	report, err := s.Run(ctx)
	if err != nil {
		return err
	}
	if *ledger != "" {
		if err := tellLast(context.WithoutCancel(ctx), *ledger, *name, report); err != nil {
			return err
		}
	}
	return printJSON(report)
}

// tellLast tries for some time: nothing would make its failure good.
func tellLast(ctx context.Context, ledger, name string, r *load.Report) error {
	var err error
	for range 10 {
		if err = load.Tell(ctx, ledger, name, load.Entry{Ended: true, Report: r}); err == nil {
			return nil
		}
		time.Sleep(300 * time.Millisecond)
	}
	return err
}

// keepLedger serves a ledger until it is told to stop.
func keepLedger(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ledger", flag.ContinueOnError)
	address := flags.String("http", ":8080", "address to serve on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	server := &http.Server{Addr: *address, Handler: new(load.Ledger).Handler(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve ledger on %s: %w", *address, err)
	}
	return nil
}
