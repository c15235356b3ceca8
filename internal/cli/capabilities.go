package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/internal/matrix"
)

func (a *app) capabilities() *cobra.Command {
	output, columns, fields := "table", []string(nil), false
	cmd := &cobra.Command{
		Use:   "capabilities [COLUMN...]",
		Short: "Show what each mesh and ingress can do",
		Long: `Capabilities prints the matrix that decides what is accepted: native, emulated
(with what differs) or unsupported (with why). Columns are variants of meshes
and ingresses; all of them if none is named.`,
		Example: `  meshctl capabilities
  meshctl capabilities istio-sidecar -o json
  meshctl capabilities --fields`,
		RunE: func(_ *cobra.Command, args []string) error {
			columns = args
			m, err := a.matrix(columns)
			if err != nil {
				return err
			}
			if fields {
				return a.printFields(m, output)
			}
			switch output {
			case "json", "yaml":
				return a.document(m, output)
			case "markdown":
				_, err := a.Out.Write(m.Markdown())
				return err
			case "table", "wide":
				return a.printMatrix(m, output == "wide")
			default:
				return unknownOutput(output, "table, wide, json, yaml or markdown")
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "table, wide (with notes), json, yaml or markdown")
	cmd.Flags().BoolVar(&fields, "fields", fields, "list the fields of the unified API instead of the features that answer them")
	return cmd
}

// matrix returns the matrix, narrowed to the named columns.
func (a *app) matrix(columns []string) (matrix.Matrix, error) {
	m := matrix.Of(a.Providers)
	if len(columns) == 0 {
		return m, nil
	}
	for _, name := range columns {
		if !slices.Contains(m.Columns, name) {
			return m, usagef("column %q is not known; the columns are %s", name, strings.Join(m.Columns, ", "))
		}
	}
	return m.Only(columns), nil
}

func (a *app) printMatrix(m matrix.Matrix, notes bool) error {
	var rows [][]string
	for _, row := range m.Rows {
		cells := []string{row.Group, string(row.Feature)}
		for _, column := range m.Columns {
			cell, ok := row.Cells[column]
			text := "-"
			if ok {
				text = strings.ToLower(string(cell.Level))
			}
			if notes && cell.Note != "" {
				text += " (" + cell.Note + ")"
			}
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	return a.table(append([]string{"GROUP", "FEATURE"}, upper(m.Columns)...), rows)
}

func (a *app) printFields(m matrix.Matrix, output string) error {
	switch output {
	case "json", "yaml":
		return a.document(map[string]any{"apiVersion": cliVersion, "kind": "FieldList", "items": m.Fields()}, output)
	case "markdown":
		_, err := a.Out.Write(m.FieldsMarkdown())
		return err
	case "table", "wide":
	default:
		return unknownOutput(output, "table, wide, json, yaml or markdown")
	}
	var rows [][]string
	for _, f := range m.Fields() {
		cells := []string{f.Kind, f.Path}
		for _, column := range m.Columns {
			cells = append(cells, f.Cells[column])
		}
		if output == "wide" {
			cells = append(cells, strings.ReplaceAll(f.Answer(), "`", ""))
		}
		rows = append(rows, cells)
	}
	head := append([]string{"KIND", "FIELD"}, upper(m.Columns)...)
	if output == "wide" {
		head = append(head, "ANSWERED BY")
	}
	return a.table(head, rows)
}

func upper(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		out = append(out, strings.ToUpper(name))
	}
	return out
}

func (a *app) pairings() *cobra.Command {
	output := "table"
	cmd := &cobra.Command{
		Use:   "pairings",
		Short: "Show how each ingress takes part in each mesh",
		Long: `Pairings prints, for every ingress and mesh, which side applies the mesh's
rules to requests from outside: Thin (the mesh), Inlined (the route), Mixed
(both have a part), or why they cannot be paired.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			pairs := matrix.Pairs(a.Providers)
			switch output {
			case "json", "yaml":
				return a.document(map[string]any{"apiVersion": cliVersion, "kind": "PairingList", "items": pairs}, output)
			case "table":
				var rows [][]string
				for _, p := range pairs {
					rows = append(rows, pairingRow(p))
				}
				return a.table([]string{"INGRESS", "MESH", "MODE", "WAY", "MTLS", "NOTES"}, rows)
			default:
				return unknownOutput(output, "table, json or yaml")
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "table, json or yaml")
	return cmd
}

// pairingRow is a line of the table, with a dash for what there is not.
func pairingRow(p matrix.Pair) []string {
	return []string{
		p.Ingress, p.Mesh, cmp.Or(string(p.Pairing.Mode), "-"), cmp.Or(p.Pairing.Way, "-"), fmt.Sprint(p.Pairing.MTLS), p.Remarks(),
	}
}
