package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// writes records the requests of one client that change something.
type writes struct {
	mu    sync.Mutex
	paths []string
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
	return len(w.paths)
}

// since returns the paths that were written after the first n writes.
func (w *writes) since(n int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.paths[n:])
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
