package node

import (
	"strings"
	"testing"
)

// A node that ran in the machine's namespaces would mount over its folders.
func TestInitRefusesTheMachine(t *testing.T) {
	err := Init(Layout{Dir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "refuse to run") {
		t.Errorf("init outside namespaces: %v: want a refusal", err)
	}
}

func TestMainRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, args := range [][]string{nil, {"init"}, {"no-stage", t.TempDir(), ""}} {
		if code := Main(args); code == 0 {
			t.Errorf("arguments %q: exit code 0", args)
		}
	}
}
