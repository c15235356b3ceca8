package stage

import (
	"context"
	"fmt"
	"strings"
)

// KillInstaller ends Meshloom's installer at once, as if its machine had
// failed; Kubernetes starts it again. Only a local cluster can do this.
func (s *Stage) KillInstaller(ctx context.Context) error { return s.kill(ctx, "install") }

// KillOperator does the same to what keeps native objects and status.
func (s *Stage) KillOperator(ctx context.Context) error { return s.kill(ctx, "traffic") }

// kill ends the operator's process that runs some controllers. The node's
// processes are in a namespace of their own: no others can be meant. The script
// is not to find itself, so it puts the argument together.
func (s *Stage) kill(ctx context.Context, controllers string) error {
	script := `for p in /proc/[0-9]*; do
  if tr '\0' '\n' < "$p/cmdline" 2>/dev/null | grep -qx -- "--controllers=$0"; then kill -9 "${p#/proc/}" && echo killed; fi
done; true`
	out, err := s.Local.Exec(ctx, "sh", "-c", script, controllers)
	if err != nil {
		return fmt.Errorf("kill the process with controllers %s: %w", controllers, err)
	}
	if strings.Count(string(out), "killed") != 1 {
		return fmt.Errorf("kill the process with controllers %s: there is not one: %q", controllers, out)
	}
	return nil
}
