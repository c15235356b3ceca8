//go:build e2e

package lifecycle

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/stage"
)

// release is a line of helm list.
type release struct{ Name, Namespace, Revision, Status, Chart string }

// helm asks the real Helm what Meshloom installed, and rolls a release back by
// hand: Meshloom reports it, leaves it, and takes it back when told to.
func helm(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	var istiod release
	happening(t, "helm list", "base and istiod of "+newer, func() (string, error) {
		var all []release
		if err := runHelm(ctx, &all, "list", "--namespace", control); err != nil {
			return "", err
		}
		seen := map[string]bool{}
		for _, r := range all {
			seen[r.Chart] = r.Status == "deployed"
			if strings.HasPrefix(r.Chart, "istiod-") {
				istiod = r
			}
		}
		if len(all) != 2 || !seen["base-"+newer] || !seen["istiod-"+newer] {
			return fmt.Sprintf("%+v", all), nil
		}
		return "base and istiod of " + newer, nil
	})
	// A second revision, to roll back from.
	must(t, edit(ctx, func(m *v1alpha1.Mesh) { setValue(m, "100", "pilot", "env", "PILOT_PUSH_THROTTLE") }))
	must(t, awaitVersion(ctx, newer))
	happening(t, "helm history", "every revision is Meshloom's", func() (string, error) {
		var history []struct{ Description string }
		if err := runHelm(ctx, &history, "history", istiod.Name, "--namespace", control); err != nil {
			return "", err
		}
		for _, h := range history {
			if !strings.HasPrefix(h.Description, "Meshloom:") {
				return fmt.Sprintf("%+v", history), nil
			}
		}
		return "every revision is Meshloom's", nil
	})
	happening(t, "helm rollback by hand", "ChangedByHand", func() (string, error) {
		if err := runHelm(ctx, nil, "rollback", istiod.Name, "--namespace", control, "--force-conflicts"); err != nil {
			return "", err
		}
		return "ChangedByHand", await(ctx, "the rollback is reported", func(m *v1alpha1.Mesh) bool {
			c := stalled(m)
			return c != nil && c.Reason == string(v1alpha1.ReasonChangedByHand)
		})
	})
	happening(t, "the rolled back release", "left alone", func() (string, error) { return leftAlone(ctx, istiod) })
	happening(t, "the annotation meshloom.io/retry", "as wanted again", func() (string, error) {
		if err := annotate(ctx, v1alpha1.AnnotationRetry, time.Now().Format(time.RFC3339)); err != nil {
			return "", err
		}
		return "as wanted again", awaitVersion(ctx, newer)
	})
}

// leftAlone watches for a while that no new revision of a release is made.
func leftAlone(ctx context.Context, r release) (string, error) {
	var before, after []struct{ Revision int }
	if err := runHelm(ctx, &before, "history", r.Name, "--namespace", r.Namespace); err != nil {
		return "", err
	}
	stage.Settle(ctx, 20*time.Second)
	if err := runHelm(ctx, &after, "history", r.Name, "--namespace", r.Namespace); err != nil {
		return "", err
	}
	if len(after) != len(before) {
		return fmt.Sprintf("%d revisions became %d", len(before), len(after)), nil
	}
	return "left alone", nil
}

// runHelm runs the real Helm and reads its JSON, where somebody wants it.
func runHelm(ctx context.Context, into any, args ...string) error {
	program, err := binaries.Helm(ctx, os.Stderr)
	if err != nil {
		return err
	}
	args = append(args, "--kubeconfig", life.Kubeconfig)
	if into != nil {
		args = append(args, "--output", "json")
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Stderr = &said
	out, err := command.Output()
	if err != nil {
		return fmt.Errorf("run helm %s: %w: %s", args[0], err, said.String())
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(out, into)
}
