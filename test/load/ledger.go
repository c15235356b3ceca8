package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"
)

// Entry is what a sender has told a Ledger last.
type Entry struct {
	// Ended says that nothing more will come: the count is whole.
	Ended  bool    `json:"ended"`
	Report *Report `json:"report"`
}

// Ledger keeps the last word of every sender, so that the counts of one
// outlive its pod. PUT /NAME writes, GET / reads all entries by name, DELETE /
// forgets them.
type Ledger struct {
	mu      sync.Mutex
	entries map[string]Entry
}

// Handler serves the ledger.
func (l *Ledger) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /{name}", l.put)
	mux.HandleFunc("GET /{$}", l.get)
	mux.HandleFunc("DELETE /{$}", l.forget)
	return mux
}

func (l *Ledger) put(w http.ResponseWriter, r *http.Request) {
	var e Entry
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil || e.Report == nil {
		http.Error(w, "want an entry", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[string]Entry{}
	}
	l.entries[r.PathValue("name")] = e
}

func (l *Ledger) get(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	entries := maps.Clone(l.entries)
	l.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(entries) // The client went away.
}

func (l *Ledger) forget(http.ResponseWriter, *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.entries)
}

// Tell writes an entry into the ledger at a URL, under a name.
func Tell(ctx context.Context, url, name string, e Entry) error {
	told := *e.Report
	told.First = nil
	text, err := json.Marshal(Entry{Ended: e.Ended, Report: &told})
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, url+"/"+name, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("write ledger: %s", response.Status)
	}
	return nil
}
