package version_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheLinkerStampsIt builds a program with the flag that releases use.
func TestTheLinkerStampsIt(t *testing.T) {
	out := filepath.Join(t.TempDir(), "meshctl")
	const flag = "-X github.com/meshloom/meshloom/internal/version.stamped=1.2.3"
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-ldflags", flag, "-o", out, "../../cmd/meshctl")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	text, err := exec.CommandContext(t.Context(), out, "version", "--client").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(text), "meshctl 1.2.3 ") {
		t.Errorf("version prints %q (%v)", text, err)
	}
}
