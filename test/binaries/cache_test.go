package binaries

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cached is an entry in a cache of the test's own that counts its fills.
func cached(t *testing.T, fill func(dir string) error) (entry, *atomic.Int32) {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var fills atomic.Int32
	return entry{name: "thing-1", lock: "build", fill: func(_ context.Context, dir string, _ io.Writer) error {
		fills.Add(1)
		return fill(dir)
	}}, &fills
}

func TestEntryIsMadeOnce(t *testing.T) {
	e, fills := cached(t, func(dir string) error {
		time.Sleep(50 * time.Millisecond)
		return os.WriteFile(filepath.Join(dir, "program"), nil, 0o600)
	})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			dir, err := e.get(t.Context(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := os.Stat(filepath.Join(dir, "program")); err != nil {
				t.Errorf("the folder is not complete: %v", err)
			}
		})
	}
	group.Wait()
	if n := fills.Load(); n != 1 {
		t.Errorf("made %d times: want once", n)
	}
}

func TestEntryThatFailsIsMadeAgain(t *testing.T) {
	broken := errors.New("broken")
	outcome := broken
	e, fills := cached(t, func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "program"), nil, 0o600), outcome)
	})
	if _, err := e.get(t.Context(), nil); !errors.Is(err, broken) {
		t.Errorf("first: %v: want %v", err, broken)
	}
	outcome = nil
	if _, err := e.get(t.Context(), nil); err != nil {
		t.Errorf("second: %v", err)
	}
	if n := fills.Load(); n != 2 {
		t.Errorf("made %d times: want twice", n)
	}
}

func TestEntryAfterAnInterruption(t *testing.T) {
	e, _ := cached(t, func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "program"), nil, 0o600)
	})
	root, err := cacheRoot()
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(root, "build.partial")
	if err := os.MkdirAll(filepath.Join(left, "half"), 0o750); err != nil {
		t.Fatal(err)
	}
	dir, err := e.get(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
		t.Error("what an interrupted process left is in the folder")
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what an interrupted process left is still there")
	}
}

func TestLockIsWaitedForNoLongerThanAsked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, path, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("lock what is locked: %v: want the deadline", err)
	}
	unlock()
	again, err := lock(t.Context(), path, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	again()
}
