package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/meshloom/meshloom/test/load"
)

func send(ctx context.Context, args []string) error {
	o, err := readOptions(flag.NewFlagSet("run", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	report, err := load.Run(ctx, o)
	if err != nil {
		return err
	}
	return printJSON(report)
}

// readOptions reads what load.Options.Args writes, and the flags of the given
// set.
func readOptions(flags *flag.FlagSet, args []string) (load.Options, error) {
	var o load.Options
	var headers, by words
	flags.IntVar(&o.Requests, "n", 1, "requests in all")
	flags.IntVar(&o.Concurrency, "c", 1, "requests at once")
	flags.DurationVar(&o.Pause, "pause", 0, "wait of each sender after each request")
	flags.DurationVar(&o.Timeout, "timeout", 0, "bound of one request (10s)")
	flags.StringVar(&o.Method, "X", "", "method (GET)")
	flags.StringVar(&o.Host, "host", "", "Host header")
	flags.StringVar(&o.Body, "d", "", "body")
	flags.Var(&headers, "H", "header, as in 'end-user: jason' (repeat)")
	flags.Var(&by, "by", "response header to count by (repeat; "+load.AnsweredBy+")")
	flags.StringVar(&o.Client.Address, "address", "", "host:port to dial in place of the URL's")
	flags.BoolVar(&o.Client.NewConnections, "new-connections", false, "one connection for each request")
	flags.BoolVar(&o.Client.HTTP2, "http2", false, "speak HTTP/2")
	flags.BoolVar(&o.Client.Insecure, "insecure", false, "accept any certificate")
	flags.StringVar(&o.Client.ServerName, "server-name", "", "name for the TLS handshake")
	roots := flags.String("ca", "", "file of certificates to trust")
	var err error
	if o.URL, err = parse(flags, args); err != nil {
		return o, err
	}
	o.By = by
	if o.Header, err = parseHeaders(headers); err != nil {
		return o, err
	}
	if *roots != "" {
		if o.Client.RootCAs, err = os.ReadFile(*roots); err != nil {
			return o, fmt.Errorf("read root certificates: %w", err)
		}
	}
	return o, nil
}

func parseHeaders(lines []string) (http.Header, error) {
	h := http.Header{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("header %q has no colon", line)
		}
		h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return h, nil
}

func raw(ctx context.Context, args []string) error {
	var o load.RawOptions
	flags := flag.NewFlagSet("raw", flag.ContinueOnError)
	flags.IntVar(&o.Times, "n", 1, "connections, one after the other")
	flags.StringVar(&o.Send, "send", "", "text to send (an HTTP request in plaintext)")
	flags.DurationVar(&o.Timeout, "timeout", 0, "bound of one connection (5s)")
	address, err := parse(flags, args)
	if err != nil {
		return err
	}
	o.Address = address
	return printJSON(load.Raw(ctx, o))
}
