// Package report lists what end-to-end tests sent, expected and counted, as a
// table for people and as JSON.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"text/tabwriter"
)

// Row is one line of the report.
type Row struct {
	Scenario string `json:"scenario"`
	Check    string `json:"check"`
	From     string `json:"from,omitempty"`
	// Sent is how many requests were sent, and Failed how many of them failed
	// that must not.
	Sent     int     `json:"sent"`
	Failed   int     `json:"failed"`
	Expected string  `json:"expected"`
	Counted  string  `json:"counted"`
	Passed   bool    `json:"passed"`
	Seconds  float64 `json:"seconds"`
}

// Report collects rows, in the order in which they come.
type Report struct {
	mu   sync.Mutex
	rows []Row
}

// Add adds a line.
func (r *Report) Add(row Row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, row)
}

// Publish prints the table under a title and writes the same as JSON.
func (r *Report) Publish(w io.Writer, title, path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent, failed := 0, 0
	for _, row := range r.rows {
		sent, failed = sent+row.Sent, failed+row.Failed
	}
	fmt.Fprintf(w, "\n%s: %d checks, %d requests sent, %d failed, as JSON in %s\n", title, len(r.rows), sent, failed, path)
	if err := r.print(w); err != nil {
		return fmt.Errorf("print report: %w", err)
	}
	text, err := json.MarshalIndent(r.rows, "", "  ")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func (r *Report) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tCHECK\tFROM\tSENT\tFAILED\tEXPECTED\tCOUNTED\tSECONDS\tRESULT")
	for _, row := range r.rows {
		result := "ok"
		if !row.Passed {
			result = "FAILED"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%.0f\t%s\n",
			row.Scenario, row.Check, row.From, row.Sent, row.Failed, row.Expected, row.Counted, row.Seconds, result)
	}
	return table.Flush()
}
