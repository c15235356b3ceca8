package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// Number is what was measured.
type Number struct {
	What string `json:"what"`
	// Size is the number of services or routes that there were.
	Size  int     `json:"size,omitempty"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Row is one number of the report and how it is judged.
type Row struct {
	Number
	// Peer is what the same took without us, in the same unit and run.
	Peer  *float64 `json:"peer,omitempty"`
	Ratio *float64 `json:"ratio,omitempty"`
	// Goal bounds the ratio where there is one, else the value.
	Goal string `json:"goal,omitempty"`
	Met  *bool  `json:"met,omitempty"`
}

// Report is what a run found.
type Report struct {
	Machine  Machine `json:"machine"`
	Rows     []Row   `json:"rows"`
	progress io.Writer
	begun    time.Time
}

// goal is a bound that a number is to keep.
type goal struct {
	least bool // the bound is the least, not the most, that the number may be
	limit float64
}

func atMost(limit float64) *goal  { return &goal{limit: limit} }
func atLeast(limit float64) *goal { return &goal{least: true, limit: limit} }

// add reports a number.
func (r *Report) add(n Number, bound *goal) { r.row(Row{Number: n}, bound) }

// compare reports a number beside what the same took without us, which is what
// the bound is about.
func (r *Report) compare(n Number, peer float64, bound *goal) {
	ratio := n.Value / peer
	r.row(Row{Number: n, Peer: &peer, Ratio: &ratio}, bound)
}

func (r *Report) row(row Row, bound *goal) {
	if bound != nil {
		judged, unit := row.Value, row.Unit
		if row.Ratio != nil {
			judged, unit = *row.Ratio, "x"
		}
		word, met := "<=", judged <= bound.limit
		if bound.least {
			word, met = ">=", judged >= bound.limit
		}
		row.Goal, row.Met = fmt.Sprintf("%s %s %s", word, number(bound.limit), unit), &met
	}
	r.Rows = append(r.Rows, row)
	r.note("%s: %s %s", row.What, number(row.Value), row.Unit)
}

// note tells of progress.
func (r *Report) note(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, "%5.0f s  %s\n", time.Since(r.begun).Seconds(), fmt.Sprintf(format, args...))
}

// table prints the rows for people.
func (r *Report) table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "WHAT\tSIZE\tMESHLOOM\tPEER\tRATIO\tGOAL\tMET")
	for _, row := range r.Rows {
		cells := []string{row.What, "-", number(row.Value) + " " + row.Unit, "-", "-", cmp.Or(row.Goal, "-"), "-"}
		if row.Size > 0 {
			cells[1] = strconv.Itoa(row.Size)
		}
		if row.Ratio != nil {
			cells[3], cells[4] = number(*row.Peer)+" "+row.Unit, fmt.Sprintf("%.2f", *row.Ratio)
		}
		if row.Met != nil {
			cells[6] = map[bool]string{true: "yes", false: "no"}[*row.Met]
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// save writes the report for programs.
func (r *Report) save(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// number prints three digits that matter, and whole numbers whole.
func number(v float64) string {
	if v == math.Trunc(v) || math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// quantile returns the least number that the share q of the numbers does not
// exceed.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[max(i, 0)]
}
