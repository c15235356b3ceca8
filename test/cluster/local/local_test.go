package local

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/meshloom/meshloom/test/cluster/node"
)

func TestNames(t *testing.T) {
	for name, valid := range map[string]bool{
		"meshloom": true, "a": true, "a-1": true,
		"": false, "-a": false, "a-": false, "A": false, "a/b": false, "..": false, strings.Repeat("a", 33): false,
	} {
		if _, err := stateDir(name); (err == nil) != valid {
			t.Errorf("name %q: %v: want valid %t", name, err, valid)
		}
	}
}

func TestOpenWhatIsNotUp(t *testing.T) {
	dir := t.TempDir()
	if _, err := open("one", dir); !errors.Is(err, ErrDown) {
		t.Errorf("an empty folder: %v: want ErrDown", err)
	}
	gone := &Cluster{layout: node.Layout{Dir: dir}, init: process{Pid: os.Getpid(), Start: "1"}}
	if err := writeRecord(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := open("one", dir); !errors.Is(err, ErrDown) {
		t.Errorf("the process id belongs to another process now: %v: want ErrDown", err)
	}
}

func TestProcess(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := running(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if !p.alive() {
		t.Error("a process that runs is not alive")
	}
	if other := (process{Pid: p.Pid, Start: p.Start + "0"}); other.alive() {
		t.Error("a process that started at another time is alive")
	}
	// Nobody waits for it, so it stays a zombie, which must do.
	if err := p.kill(10 * time.Second); err != nil {
		t.Error(err)
	}
	if p.alive() {
		t.Error("a process that was killed is alive")
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	if err := p.kill(time.Second); err != nil {
		t.Errorf("kill what is gone: %v", err)
	}
}

func TestSubordinateIDs(t *testing.T) {
	me := &user.User{Username: "ada", Uid: "1000"}
	for name, test := range map[string]struct {
		text string
		want int
	}{
		"by name":             {"bob:100000:65536\nada:165536:65536\n", 165536},
		"by number":           {"1000:165536:65536\n", 165536},
		"one too few":         {"ada:165536:65534\n", 0},
		"the second is large": {"ada:1:10\nada:165536:65535\n", 165536},
		"nothing":             {"", 0},
		"somebody else":       {"adam:165536:65536\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "subuid")
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := subordinate(path, me)
			if got != test.want || (err == nil) != (test.want != 0) {
				t.Errorf("first id %d, %v: want %d", got, err, test.want)
			}
		})
	}
}

func TestMapsCoverAllIDs(t *testing.T) {
	s := span{first: 1000, rest: 165536}
	next := 0
	for _, m := range s.mappings() {
		if m.ContainerID != next {
			t.Errorf("map %+v: want it to begin at %d", m, next)
		}
		next += m.Size
	}
	if next != idCount {
		t.Errorf("%d ids are mapped: want %d", next, idCount)
	}
}

// TestDial talks to a server that speaks first, in the same breath with which
// it accepts: nothing of that may get lost.
func TestDial(t *testing.T) {
	c := &Cluster{name: "one", layout: node.Layout{Dir: t.TempDir()}}
	listener, err := net.Listen("unix", c.layout.Control())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	answer := make(chan string, 1)
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			_, _ = conn.Read(make([]byte, 1024))
			_, _ = io.WriteString(conn, <-answer)
			_ = conn.Close()
		}
	}()

	answer <- "HTTP/1.1 200 OK\r\n\r\nhello"
	conn, err := c.Dial(t.Context(), "10.200.0.100:80")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if text, err := io.ReadAll(conn); string(text) != "hello" || err != nil {
		t.Errorf("read %q, %v: want hello", text, err)
	}

	answer <- "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 7\r\n\r\nrefused"
	if _, err := c.Dial(t.Context(), "10.200.0.100:81"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("dial what refuses: %v: want the reason", err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Dial(ctx, "10.200.0.100:82"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("dial what is silent: %v: want the deadline", err)
	}
	answer <- ""
}
