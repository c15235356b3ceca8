// Command cmd makes sure that programs which tests run are in the cache and
// prints where they are:
//
//	go run ./test/binaries/cmd [controlplane] [kubernetes] [istio] [previous-istio] [envoy] [kubectl] [helm] [consul]
//
// Progress goes to standard error, one path for each argument to standard
// output. Without arguments it makes all of them.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/meshloom/meshloom/test/binaries"
)

// provider is one of the functions of package binaries.
type provider func(ctx context.Context, progress io.Writer) (string, error)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "binaries:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, names []string) error {
	all := []string{"controlplane", "kubernetes", "istio", "previous-istio", "envoy", "kubectl", "helm", "consul"}
	if len(names) == 0 {
		names = all
	}
	providers := map[string]provider{
		"controlplane":   binaries.ControlPlane,
		"kubernetes":     binaries.Kubernetes,
		"istio":          binaries.Istio,
		"previous-istio": binaries.PreviousIstio,
		"envoy":          envoy,
		"kubectl":        binaries.Kubectl,
		"helm":           binaries.Helm,
		"consul":         binaries.Consul,
	}
	for _, name := range names {
		provide, known := providers[name]
		if !known {
			return fmt.Errorf("%q is not one of %v", name, all)
		}
		path, err := provide(ctx, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(path)
	}
	return nil
}

func envoy(ctx context.Context, progress io.Writer) (string, error) {
	return binaries.Envoy(ctx, binaries.EnvoyVersion, progress)
}
