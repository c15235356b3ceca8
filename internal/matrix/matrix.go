// Package matrix is the capability matrix and the table of pairings, computed
// from the providers: the same for docs, meshctl and the console.
package matrix

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Matrix says for every feature and every variant what is supported.
type Matrix struct {
	// Columns are the names of variants, meshes first.
	Columns []string `json:"columns"`
	// Checked says of each column what its cells were checked against.
	Checked map[string]string `json:"checked"`
	Rows    []Row             `json:"rows"`
}

// Row is one feature.
type Row struct {
	Feature ir.Feature `json:"feature"`
	Group   string     `json:"group"`
	Title   string     `json:"title"`
	// Cells by column; columns in which the feature cannot occur are absent.
	Cells map[string]translators.Support `json:"cells"`
}

// Of returns the matrix of the providers, for their newest versions.
func Of(providers []translators.Provider) Matrix {
	m := Matrix{Checked: map[string]string{}}
	cells := map[string]map[ir.Feature]translators.Support{}
	for _, mesh := range []bool{true, false} {
		for _, p := range providers {
			for _, v := range p.Variants {
				if v.Mesh == mesh {
					m.Columns = append(m.Columns, v.Name)
					m.Checked[v.Name] = v.Checked
					cells[v.Name] = p.Supports(translators.Env{Variant: v.Name})
				}
			}
		}
	}
	for _, info := range ir.Features() {
		row := Row{Feature: info.Feature, Group: info.Group, Title: info.Title, Cells: map[string]translators.Support{}}
		for _, column := range m.Columns {
			if support, ok := cells[column][info.Feature]; ok {
				row.Cells[column] = support
			}
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

// Only returns the matrix with the named columns alone, in their order.
func (m Matrix) Only(columns []string) Matrix {
	out := Matrix{Columns: slices.Clone(columns), Checked: map[string]string{}}
	for _, column := range columns {
		out.Checked[column] = m.Checked[column]
	}
	for _, row := range m.Rows {
		cells := map[string]translators.Support{}
		for _, column := range columns {
			if support, ok := row.Cells[column]; ok {
				cells[column] = support
			}
		}
		row.Cells = cells
		out.Rows = append(out.Rows, row)
	}
	return out
}

// Markdown returns the matrix as tables for docs, one per group, followed by
// the notes of the cells.
func (m Matrix) Markdown() []byte {
	var buf bytes.Buffer
	buf.WriteString("## What was checked\n\n| Column | Its cells were checked against |\n|---|---|\n")
	for _, column := range m.Columns {
		fmt.Fprintf(&buf, "| %s | %s |\n", column, m.Checked[column])
	}
	group := ""
	for _, row := range m.Rows {
		if row.Group != group {
			group = row.Group
			fmt.Fprintf(&buf, "\n## %s\n\n| Feature | %s |\n|---%s|\n", group, strings.Join(m.Columns, " | "), strings.Repeat("|---", len(m.Columns)))
		}
		fmt.Fprintf(&buf, "| %s (`%s`) |", row.Title, row.Feature)
		for _, column := range m.Columns {
			fmt.Fprintf(&buf, " %s |", cellMarkdown(row.Cells[column]))
		}
		buf.WriteByte('\n')
	}
	return bytes.TrimLeft(buf.Bytes(), "\n")
}

func cellMarkdown(s translators.Support) string {
	switch {
	case s.Level == "":
		return "–"
	case s.Note == "":
		return strings.ToLower(string(s.Level))
	default:
		return strings.ToLower(string(s.Level)) + ": " + strings.ReplaceAll(s.Note, "|", "\\|")
	}
}

// Pair is the pairing of one ingress with one mesh whose backends need all
// layers.
type Pair struct {
	Ingress string              `json:"ingress"`
	Mesh    string              `json:"mesh"`
	Pairing translators.Pairing `json:"pairing"`
}

// Remarks are the notes and issues of the pairing in one line.
func (p Pair) Remarks() string {
	remarks := slices.Clone(p.Pairing.Notes)
	for _, issue := range p.Pairing.Issues {
		remarks = append(remarks, issue.Message)
	}
	return strings.Join(remarks, "; ")
}

// Pairs returns every ingress variant with every mesh variant.
func Pairs(providers []translators.Provider) []Pair {
	var out []Pair
	all := translators.Layers{Transport: true, Identity: true, Routing: true, Request: true, Destination: true, Access: true}
	for i := range providers {
		for _, in := range providers[i].Variants {
			for j := range providers {
				for _, mesh := range providers[j].Variants {
					if in.Mesh || !mesh.Mesh {
						continue
					}
					out = append(out, Pair{Ingress: in.Name, Mesh: mesh.Name, Pairing: translators.Join(
						&providers[j], translators.Env{Variant: mesh.Name}, &providers[i], translators.Env{Variant: in.Name}, all)})
				}
			}
		}
	}
	return out
}
