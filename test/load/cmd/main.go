// Command cmd is an echo server and a counting client in one:
//
//	load serve -http :8080 -name echo -version v1
//	load run -n 2000 -c 8 http://echo:8080/
//	load raw -n 20 echo:8080
//	load steady -rate 300 -ledger http://ledger:8080 http://echo:8080/
//	load ledger -http :8080
//
// run, raw and steady print one JSON document. They end with code 0 whatever
// came back: the counts are the result.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{"serve": serve, "run": send, "raw": raw, "steady": steady, "ledger": keepLedger}
	if len(args) > 0 {
		if command, ok := commands[args[0]]; ok {
			return command(ctx, args[1:])
		}
	}
	return errors.New("want serve, run, raw, steady or ledger, then -h for its flags")
}

func printJSON(v any) error {
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// words is a flag that may be given several times.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(v string) error { *w = append(*w, v); return nil }

// parse reads flags that may stand before and after one argument.
func parse(flags *flag.FlagSet, args []string) (string, error) {
	var rest []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return "", err
		}
		args = flags.Args()
		if len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	if len(rest) != 1 {
		return "", fmt.Errorf("%s wants one address, not %d", flags.Name(), len(rest))
	}
	return rest[0], nil
}
