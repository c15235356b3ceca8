package stage

import (
	"context"
	"fmt"
	"strings"
)

// KillInstaller ends Meshloom's installer at once, as if its machine had
// failed; Kubernetes starts it again. Only a local cluster can do this.
func (s *Stage) KillInstaller(ctx context.Context) error { return s.kill(ctx, "--controllers=install") }

// KillOperator does the same to what keeps native objects and status.
func (s *Stage) KillOperator(ctx context.Context) error { return s.kill(ctx, "--controllers=traffic") }

// kill ends the operator's process that has an argument. The node's processes
// are in a namespace of their own: no others can be meant.
func (s *Stage) kill(ctx context.Context, argument string) error {
	script := `for p in /proc/[0-9]*; do
  if tr '\0' '\n' < "$p/cmdline" 2>/dev/null | grep -qx -- "$0"; then kill -9 "${p#/proc/}" && echo killed; fi
done; true`
	out, err := s.Local.Exec(ctx, "sh", "-c", script, argument)
	if err != nil {
		return fmt.Errorf("kill the process with %s: %w", argument, err)
	}
	if strings.Count(string(out), "killed") != 1 {
		return fmt.Errorf("kill the process with %s: there is not one: %q", argument, out)
	}
	return nil
}
