// Command image writes the operator's image into bin/, without Docker and for
// this machine's architecture: an archive that `docker load`, `ctr images
// import` and `kind load image-archive` take. Several architectures at once are
// the Dockerfile's to build.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/test/cluster/image"
	"github.com/meshloom/meshloom/test/images"
)

func main() {
	version := flag.String("version", "", "version to stamp, and the image's tag; that of the chart where empty")
	flag.Parse()
	if err := run(context.Background(), *version); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, version string) error {
	name, version, err := chart.Image(version)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "image-*")
	if err != nil {
		return fmt.Errorf("make folder for the operator: %w", err)
	}
	defer os.RemoveAll(scratch)
	binary, archive := filepath.Join(scratch, "operator"), filepath.Join("bin", "meshloom-operator.tar")
	flags := "-s -w -X github.com/meshloom/meshloom/internal/version.stamped=" + version
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", binary, "./cmd/operator")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the operator: %w: %s", err, text)
	}
	if err := os.MkdirAll("bin", 0o755); err != nil {
		return fmt.Errorf("make bin: %w", err)
	}
	if err := image.Write(archive, images.OperatorSpec(name, version, binary)); err != nil {
		return err
	}
	fmt.Printf("%s holds %s\n", archive, name)
	return nil
}
