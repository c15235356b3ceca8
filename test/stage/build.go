package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/meshloom/meshloom/test/binaries"
)

// Build compiles one of this repository's programs.
func Build(ctx context.Context, pkg, out string) error {
	root, err := binaries.Repository()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", out, pkg)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return nil
}
