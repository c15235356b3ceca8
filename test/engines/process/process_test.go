package process_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/engines/process"
)

func TestProcess(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	p, err := process.Start(exec.CommandContext(t.Context(), "sh", "-c", "seq 20; echo no >&2"), log)
	if err != nil {
		t.Fatal(err)
	}
	<-p.Ended()
	const want = "12\n13\n14\n15\n16\n17\n18\n19\n20\nno"
	if got := p.LastWords(); got != want {
		t.Errorf("last words:\n%s\nwant:\n%s", got, want)
	}
	p.Kill()
}

func TestKill(t *testing.T) {
	p, err := process.Start(exec.CommandContext(t.Context(), "sleep", "600"), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	p.Kill()
	if took := time.Since(begun); took > time.Minute {
		t.Errorf("it took %s to end it", took)
	}
}

func TestStartNothing(t *testing.T) {
	if _, err := process.Start(exec.CommandContext(t.Context(), "/no/such/program"), filepath.Join(t.TempDir(), "log")); err == nil {
		t.Error("a program that is not there was started")
	}
}
