package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// writes records the requests of one client that change something.
type writes struct {
	mu sync.Mutex
	// paths are those of the newest writes; of older ones only their number is
	// known.
	paths []string
	older int
}

// over counts what goes through the next transport.
func (w *writes) over(next http.RoundTripper) http.RoundTripper {
	return transport(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet {
			w.mu.Lock()
			w.paths = append(w.paths, req.URL.Path)
			w.mu.Unlock()
		}
		return next.RoundTrip(req)
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) { return t(req) }

func (w *writes) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.older + len(w.paths)
}

// forget frees the memory of what was recorded.
func (w *writes) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.older, w.paths = w.older+len(w.paths), nil
}

// since returns the paths that were written after the first n writes, which
// must not be forgotten.
func (w *writes) since(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.paths[n-w.older:])
}

// statuses returns how often the status of each object of a resource was
// written after the first n writes, by path.
func (w *writes) statuses(n int, resource string) map[string]int {
	counts := map[string]int{}
	for _, path := range w.since(n) {
		if strings.Contains(path, "/"+resource+"/") && isStatus(path) {
			counts[path]++
		}
	}
	return counts
}

func isStatus(path string) bool { return strings.HasSuffix(path, "/status") }
