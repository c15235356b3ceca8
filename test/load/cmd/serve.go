package main

import (
	"cmp"
	"context"
	"flag"
	"os"
	"time"

	"github.com/meshloom/meshloom/test/load"
)

func serve(ctx context.Context, args []string) error {
	s := &load.Server{Instance: os.Getenv("HOSTNAME")}
	var plain, secure, names, tcp words
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.Var(&plain, "http", "address to serve HTTP on (repeat; :8080)")
	flags.Var(&secure, "https", "address to serve HTTPS on, with a certificate of its own (repeat)")
	flags.Var(&names, "tls-name", "name in that certificate (repeat)")
	flags.Var(&tcp, "tcp", "address to echo lines on (repeat)")
	flags.StringVar(&s.Name, "name", cmp.Or(os.Getenv("NAME"), "echo"), "name to answer as")
	flags.StringVar(&s.Version, "version", cmp.Or(os.Getenv("VERSION"), "v1"), "version to answer as")
	flags.DurationVar(&s.Delay, "delay", 0, "wait before every answer")
	flags.StringVar(&s.Fail, "fail", os.Getenv("FAIL"), "status of every answer, or of a share: 503@50")
	drain := flags.Duration("drain", 3*time.Second, "how long to go on serving after the signal to stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if len(plain)+len(secure)+len(tcp) == 0 {
		plain = words{":8080"}
	}
	return s.Serve(ctx, load.Listeners{HTTP: plain, HTTPS: secure, Names: names, TCP: tcp}, *drain)
}
