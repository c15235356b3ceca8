package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/translators/ir"
)

// table prints rows in columns, the header first.
func (a *app) table(header []string, rows [][]string) error {
	w := tabwriter.NewWriter(a.Out, 0, 0, 3, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// document prints one value as json or yaml.
func (a *app) document(value any, format string) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encode output: %w", err)
	}
	data = append(data, '\n')
	if format == "yaml" {
		if data, err = yaml.JSONToYAML(data); err != nil {
			return fmt.Errorf("encode output: %w", err)
		}
	}
	if _, err := a.Out.Write(data); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

// report is the JSON form of what validate found.
type report struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Issues     []ir.Issue `json:"issues"`
}

func (a *app) printIssues(issues []ir.Issue, format string) error {
	switch format {
	case "json", "yaml":
		if issues == nil {
			issues = []ir.Issue{}
		}
		return a.document(report{APIVersion: cliVersion, Kind: "ValidationReport", Issues: issues}, format)
	case "table":
		if len(issues) == 0 {
			return nil
		}
		var rows [][]string
		for _, issue := range issues {
			rows = append(rows, []string{string(issue.Effect), issue.Source.String(), issue.Source.Field, issue.Reason, issue.Code, issue.Message})
		}
		return a.table([]string{"EFFECT", "OBJECT", "FIELD", "REASON", "CODE", "MESSAGE"}, rows)
	default:
		return unknownOutput(format, "table, json or yaml")
	}
}

// cliVersion is the apiVersion of every JSON document that meshctl prints of
// its own.
const cliVersion = "cli.meshloom.io/v1"
