package installer_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/test/rig"
)

// TestCrashAtEveryWrite installs and upgrades a mesh once without faults, and
// then once for every write in it: the installer dies at that write, every other
// time after the API server heard of it, and another one takes over. In the end
// there is what there would have been, and nothing more.
func TestCrashAtEveryWrite(t *testing.T) {
	quiet := &crash{}
	var want []string
	t.Run("calm", func(t *testing.T) { want = tell(t, quiet) })
	if quiet.count < 20 {
		t.Fatalf("only %d writes: it shows little", quiet.count)
	}
	t.Logf("%d writes", quiet.count)
	for n := 1; n <= quiet.count; n++ {
		t.Run(fmt.Sprint("write-", n), func(t *testing.T) {
			if diff := cmp.Diff(want, tell(t, &crash{at: n, heard: n%2 == 0})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tell installs a mesh and upgrades it, and returns what is there then.
func tell(t *testing.T, c *crash) []string {
	t.Helper()
	s := newScene(t)
	op := s.Install(mesh(), c.over)
	s.Apply(strings.Replace(shop, "Canary", "InPlace", 1))
	op = s.survive(op, c, "1.0.0")
	s.edit(`{"spec":{"version":"1.1"}}`)
	s.survive(op, c, "1.1.0")
	return s.controls()
}

// survive waits for a version to be in place, with another installer as soon as
// the first one has died.
func (s *scene) survive(op *rig.Operator, c *crash, version string) *rig.Operator {
	s.t.Helper()
	s.EventuallyIn(60, version+" is in place", func() string {
		if c.dead() {
			op.Stop()
			op = s.Install(mesh(), c.revived)
		}
		if inPlace(s.mesh(), version) {
			return ""
		}
		return fmt.Sprintf("%+v", s.mesh().Status.Install)
	})
	return op
}

// crash lets an installer die at one write: that one and all later requests
// fail. Events are no writes of these: nothing depends on them.
type crash struct {
	// at is the number of the write, counted from one; zero is never. Heard says
	// that the API server gets it, and only the answer is lost.
	at    int
	heard bool

	mu    sync.Mutex
	count int
	died  bool
}

var errCrash = errors.New("the installer has crashed")

func (c *crash) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		fails, first := c.fails(req.Method != http.MethodGet && !strings.Contains(req.URL.Path, "/events"))
		if !fails {
			return next.RoundTrip(req)
		}
		if first && c.heard {
			if answer, err := next.RoundTrip(req); err == nil {
				_ = answer.Body.Close()
			}
		}
		return nil, errCrash
	})
}

// fails counts a request and says whether it fails, and whether it is the one
// at which the installer dies.
func (c *crash) fails(write bool) (fails, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.died {
		return true, false
	}
	if write {
		c.count++
	}
	c.died = write && c.count == c.at
	return c.died, c.died
}

func (c *crash) dead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.died
}

// revived is the connection of the installer that takes over; nothing happens
// to it.
func (c *crash) revived(next http.RoundTripper) http.RoundTripper {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.died = false
	return next
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
