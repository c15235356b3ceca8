package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/all"
)

// TestDryRunsWithoutACluster holds what would be installed to golden files:
// the names of Meshloom's own objects, which the chart's tests look into, and the
// manifest and the steps of a mesh.
func TestDryRunsWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for name, args := range map[string][]string{
		"install":              {"install", "--dry-run", "-o", "name"},
		"install-no-installer": {"install", "--dry-run", "-o", "name", "--no-installer", "--crds=skip"},
		"install-mesh": {
			"install", "mesh", "shop", "--provider", "istio", "--version", "1.31", "--member-selector", "mesh=shop",
			"--strategy", "inplace", "--set", "pilot.autoscaleMin=2", "--dry-run",
		},
		"install-ingress": {"install", "ingress", "public", "--provider", "istio", "--dry-run"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := Main(t.Context(), Config{
				Providers: all.Providers(), In: strings.NewReader(""), Out: &out, Err: &errs,
				Now: func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) },
			}, args)
			if code != ExitOK {
				t.Fatalf("exit code %d, stderr:\n%s", code, errs.String())
			}
			got := out.String() + "--- stderr\n" + withoutValues(errs.String())
			golden := filepath.Join("testdata", name+".out.txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("meshctl %v (-want +got):\n%s", args, diff)
			}
		})
	}
}

// withoutValues leaves out the values of charts, which the provider's own golden
// files hold.
func withoutValues(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "       ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func TestUsageOfLifeCycleVerbs(t *testing.T) {
	for _, args := range [][]string{
		{"install", "mesh"},
		{"install", "mesh", "shop"},
		{"install", "mesh", "shop", "--provider", "itsio"},
		{"install", "mesh", "shop", "--provider", "istio", "--member-selector", "a in"},
		{"install", "--crds", "maybe"},
		{"install", "--image", "meshloom", "--dry-run"},
		{"install", "--dry-run=perhaps"},
		{"uninstall", "--crds", "maybe"},
		{"release"},
		{"release", "reviews"},
		{"check", "--fail-on", "never"},
		{"bundle", "--provider", "istio"},
	} {
		if _, stderr, code := run(t, "", args...); code != ExitUsage {
			t.Errorf("meshctl %v: exit code %d, want %d; stderr:\n%s", args, code, ExitUsage, stderr)
		}
	}
	// What an API server would refuse is refused before one is asked.
	_, stderr, code := run(t, "", "install", "mesh", "Shop", "--provider", "istio", "--strategy", "sideways", "--dry-run")
	if code != ExitFailed {
		t.Errorf("an unknown strategy: exit code %d", code)
	}
	contains(t, "stderr", stderr, []string{"strategy"})
}
