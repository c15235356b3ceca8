//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// Row is one line of the report.
type Row struct {
	Scenario string  `json:"scenario"`
	Check    string  `json:"check"`
	From     string  `json:"from,omitempty"`
	Sent     int     `json:"sent"`
	Expected string  `json:"expected"`
	Counted  string  `json:"counted"`
	Passed   bool    `json:"passed"`
	Seconds  float64 `json:"seconds"`
}

// report lists what was sent, expected and counted. Tests run one after
// another.
type report struct{ rows []Row }

func (r *report) add(row Row) { r.rows = append(r.rows, row) }

// publish prints the table and writes the same as JSON.
func (r *report) publish(w io.Writer, path string) error {
	fmt.Fprintf(w, "\ne2e: %d checks, as JSON in %s\n", len(r.rows), path)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCENARIO\tCHECK\tFROM\tSENT\tEXPECTED\tCOUNTED\tRESULT")
	for _, row := range r.rows {
		result := "ok"
		if !row.Passed {
			result = "FAILED"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", row.Scenario, row.Check, row.From, row.Sent, row.Expected, row.Counted, result)
	}
	if err := table.Flush(); err != nil {
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
