//go:build e2e

package lifecycle

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/test/stage"
)

// dryRuns runs every verb that writes, with --dry-run, and counts at the API
// server what meshctl wrote. That the count counts is shown by what meshctl
// install wrote before.
func dryRuns(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		append([]string{"install", "--dry-run"}, stage.ProductFlags()...),
		{"install", "mesh", "other", "--provider=istio", "--dry-run"},
		{"upgrade", "mesh", "shop", "--version=" + newer, "--dry-run"},
		{"rollback", "mesh", "shop", "--dry-run"},
		{"uninstall", "mesh", "shop", "--dry-run"},
		{"uninstall", "--dry-run"},
		{"adopt", "mesh", "other", "--provider=istio", "--dry-run"},
		{"release", "trafficsplit/reviews", "trafficpolicy/reviews", "--namespace=" + bookinfo, "--dry-run"},
	} {
		command := "meshctl " + strings.Join(args[:min(len(args), 3)], " ")
		happening(t, command+" --dry-run", "0 writes", func() (string, error) {
			audit, err := life.Audit()
			if err != nil {
				return "", err
			}
			said, err := life.Meshctl(t.Context(), args...)
			if err != nil {
				return "", err
			}
			if said.Code == 64 {
				return "", fmt.Errorf("%s is not understood: %s", command, said.Err)
			}
			t.Logf("%s: code %d, %d lines\n%s", command, said.Code, strings.Count(said.Out, "\n"), said.Err)
			writes, err := audit.Writes(byMeshctl)
			return fmt.Sprintf("%d writes", len(writes)), err
		})
	}
	happening(t, "the first meshctl install", "seen by the same count", func() (string, error) {
		audit, err := life.AuditFromStart()
		if err != nil {
			return "", err
		}
		writes, err := audit.Writes(byMeshctl)
		if len(writes) == 0 || err != nil {
			return "not seen", err
		}
		return "seen by the same count", nil
	})
}

// byMeshctl are writes of the administrator that are not the tests' own: Helm
// within meshctl calls itself otherwise than meshctl does.
func byMeshctl(w stage.Write) bool {
	return w.User == "admin" && !strings.HasPrefix(w.Agent, "lifecycle.test/") && !strings.HasPrefix(w.Agent, "kubectl/")
}
