//go:build e2e

package local_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshloom/meshloom/test/binaries"
)

// nobodySpecial is a user that only the sandbox of TestOrdinaryUser knows.
const nobodySpecial = 64321

// TestOrdinaryUser brings a cluster up as a user without any privilege: the
// system's helpers write the id maps. Run by such a user, all tests here do.
// Run by root, this one becomes a user that exists nowhere else: its mount
// namespace has other files in the place of those that list users.
func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Logf("all tests of this run are those of user %d", os.Getuid())
		return
	}
	s := newSandbox(t)
	t.Cleanup(func() {
		if out, err := s.run(context.Background(), s.cluster, "--name", "smoke", "down"); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		if err := os.Remove(s.state()); err != nil {
			t.Errorf("the user's clusters leave something behind: %v", err)
		}
	})
	for _, args := range [][]string{
		{"--name", "smoke", "up", "--pause", s.pause},
		{"--name", "smoke", "status"},
		{"--name", "smoke", "exec", "--", "hostname"},
	} {
		out, err := s.run(t.Context(), s.cluster, args...)
		if err != nil {
			t.Fatalf("cluster %v: %v\n%s", args, err, out)
		}
		t.Logf("cluster %v\n%s", args, out)
	}
	owner, err := os.Stat(filepath.Join(s.state(), "smoke"))
	if err != nil || !owner.IsDir() {
		t.Errorf("the cluster is not the user's: %v", err)
	}
}

// sandbox is what an ordinary user finds: programs that are built, the
// repository, and files that know the user.
type sandbox struct {
	dir, cluster, pause string
	mounts              []string
}

func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "meshloom-user-*") //nolint:usetesting // Another user must be able to get there.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &sandbox{dir: dir, cluster: filepath.Join(dir, "cluster"), pause: filepath.Join(dir, "pause")}
	root, err := binaries.Repository()
	if err != nil {
		t.Fatal(err)
	}
	kubernetes, err := binaries.Kubernetes(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	for pkg, out := range map[string]string{"./test/cluster": s.cluster, "./test/cluster/pause": s.pause} {
		build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", out, pkg)
		build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build %s: %v: %s", pkg, err, text)
		}
	}
	s.bind(t, root, "repository")
	s.bind(t, filepath.Dir(kubernetes), "cache/meshloom/binaries")
	for name, line := range map[string]string{
		"passwd": fmt.Sprintf("somebody:x:%d:%d::/tmp:/bin/sh\n", nobodySpecial, nobodySpecial),
		"group":  fmt.Sprintf("somebody:x:%d:\n", nobodySpecial),
		"subuid": "somebody:1200000000:65536\n",
		"subgid": "somebody:1200000000:65536\n",
	} {
		s.overlay(t, name, line)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// bind shows a folder at a place that the user may read.
func (s *sandbox) bind(t *testing.T, from, to string) {
	t.Helper()
	to = filepath.Join(s.dir, to)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	s.mounts = append(s.mounts, fmt.Sprintf("mount --bind -o ro %q %q", from, to))
}

// overlay adds a line to a file of /etc.
func (s *sandbox) overlay(t *testing.T, name, line string) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	text, err := os.ReadFile("/etc/" + name)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(text, line...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/etc/" + name); err != nil {
		t.Fatalf("find /etc/%s, which package uidmap needs: %v", name, err)
	}
	s.mounts = append(s.mounts, fmt.Sprintf("mount --bind %q /etc/%s", path, name))
}

// run runs a program as the user and returns all that it said.
func (s *sandbox) run(ctx context.Context, program string, args ...string) (string, error) {
	user := fmt.Sprint(nobodySpecial)
	script := strings.Join(append(s.mounts, `cd "$0"`, fmt.Sprintf(
		`exec setpriv --reuid=%s --regid=%s --clear-groups env -i PATH=/usr/bin:/bin HOME=/tmp XDG_CACHE_HOME=%s "$@"`,
		user, user, filepath.Join(s.dir, "cache"))), " && ")
	enter := append([]string{"--mount", "sh", "-c", script, filepath.Join(s.dir, "repository"), program}, args...)
	out, err := exec.CommandContext(ctx, "unshare", enter...).CombinedOutput()
	return string(out), err
}

// state is the folder of the user's clusters.
func (s *sandbox) state() string { return fmt.Sprintf("/var/tmp/meshloom-%d", nobodySpecial) }
