package install_test

import (
	"strings"
	"testing"

	"github.com/meshloom/meshloom/install"
)

// TestHeldGoesFirst shows that charts wait for what only a running control plane
// lets go of, that members are asked for before that, and that nobody waits for
// a control plane that is gone.
func TestHeldGoesFirst(t *testing.T) {
	w, s := moving(t, deployment("web"))
	members := s.Members
	w.Deleting, s.Members, s.Held = true, nil, []string{"ProxyDefaults mesh-system/global"}
	step, state := install.Next(fake(), w, s)
	if step.Kind != install.StepWait || step.After == 0 || !strings.Contains(step.Message, s.Held[0]) {
		t.Errorf("while something is held: %s after %s, %q", step.Kind, step.After, step.Message)
	}
	after := install.Simulate(w, s, step, state)
	if step, _ := install.Next(fake(), w, after); step.Kind != install.StepUninstall {
		t.Errorf("once nothing is held: %s %q", step.Kind, step.Message)
	}
	s.Members = members
	if step, _ := install.Next(fake(), w, s); step.Kind != install.StepRefuse {
		t.Errorf("while somebody is in the mesh: %s %q", step.Kind, step.Message)
	}
	s.Members, s.Cluster.Releases = nil, nil
	if step, _ := install.Next(fake(), w, s); step.Kind != install.StepRelease {
		t.Errorf("without a control plane: %s %q", step.Kind, step.Message)
	}
}
