package istiod

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
)

// shared is the istiod of the package under test.
var shared struct {
	sync.Mutex
	istiod *Istiod
	err    error
	crds   []string
	usable bool
}

// Main runs the tests of a package and stops the shared istiod, if any of them
// started it, whatever their outcome. The folders or files hold CRDs beside
// Istio's own and are relative to the package.
func Main(m *testing.M, crds ...string) int {
	shared.crds, shared.usable = crds, true
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.istiod == nil {
		return code
	}
	if err := shared.istiod.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "istiod:", err)
		return max(code, 1)
	}
	return code
}

// Shared returns the istiod that the package's tests share. They keep apart by
// namespaces of their own.
func Shared(t testing.TB) *Istiod {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.usable {
		t.Fatal("istiod.Shared needs a TestMain that calls istiod.Main")
	}
	if shared.istiod == nil && shared.err == nil {
		// It outlives the test that starts it, so not t.Context().
		shared.istiod, shared.err = New(context.Background(), shared.crds...)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.istiod
}
