package matrix

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Field is one field of the spec of a unified kind, and what answers it on a
// mesh or an ingress.
type Field struct {
	// Kind and Path name the field: Path as in "rules[].matches[].path.type".
	Kind string `json:"kind"`
	Path string `json:"path"`
	// Features are the rows of the matrix that answer the field; which of them
	// depends on its value.
	Features []ir.Feature `json:"features,omitempty"`
	// Everywhere says, for a field without features, why every provider answers
	// it in the same way.
	Everywhere string `json:"everywhere,omitempty"`
	// Cells are the answers by column; Matrix.Fields fills them in.
	Cells map[string]string `json:"cells,omitempty"`
}

// Fields returns every field of every unified kind, in the order of the API.
func Fields() []Field {
	var out []Field
	for _, k := range kindFields {
		for _, f := range k.fields {
			for _, path := range f.paths {
				out = append(out, Field{Kind: k.kind, Path: k.prefix + path, Features: slices.Clone(f.features), Everywhere: f.everywhere})
			}
		}
	}
	return out
}

// Level returns how well a column answers the field at worst; "" where it can
// not be asked of the column, and Native where it is answered by nobody's
// abilities.
func (m Matrix) Level(f Field, column string) translators.Level {
	if len(f.Features) == 0 {
		return translators.Native
	}
	worst := translators.Level("")
	order := []translators.Level{"", translators.Native, translators.Emulated, translators.Unsupported}
	for _, row := range m.Rows {
		level := row.Cells[column].Level
		if slices.Contains(f.Features, row.Feature) && slices.Index(order, level) > slices.Index(order, worst) {
			worst = level
		}
	}
	return worst
}

// Fields returns all fields with the answers of the matrix's columns: "yes" for
// what needs no ability, "native", "emulated", "unsupported", "in part" where
// only some values are supported, and "-" where it cannot be asked.
func (m Matrix) Fields() []Field {
	fields := Fields()
	for i, f := range fields {
		fields[i].Cells = map[string]string{}
		for _, column := range m.Columns {
			fields[i].Cells[column] = m.fieldCell(f, column)
		}
	}
	return fields
}

// FieldsMarkdown returns one table a kind: every field, what answers it, and
// the worst answer of each column.
func (m Matrix) FieldsMarkdown() []byte {
	var buf bytes.Buffer
	kind := ""
	for _, f := range m.Fields() {
		if f.Kind != kind {
			kind = f.Kind
			fmt.Fprintf(&buf, "\n## %s\n\n| Field of spec | Answered by | %s |\n|---|---%s|\n", kind, strings.Join(m.Columns, " | "), strings.Repeat("|---", len(m.Columns)))
		}
		fmt.Fprintf(&buf, "| `%s` | %s |", f.Path, f.Answer())
		for _, column := range m.Columns {
			fmt.Fprintf(&buf, " %s |", f.Cells[column])
		}
		buf.WriteByte('\n')
	}
	return bytes.TrimLeft(buf.Bytes(), "\n")
}

// Answer says what answers the field, for a reader.
func (f Field) Answer() string {
	if f.Everywhere != "" {
		return f.Everywhere
	}
	names := make([]string, len(f.Features))
	for i, feature := range f.Features {
		names[i] = "`" + string(feature) + "`"
	}
	return strings.Join(names, ", ")
}

func (m Matrix) fieldCell(f Field, column string) string {
	level := m.Level(f, column)
	switch {
	case f.Everywhere != "":
		return "yes"
	case level == "":
		return "-"
	case level == translators.Unsupported && m.some(f, column):
		return "in part"
	default:
		return strings.ToLower(string(level))
	}
}

// some says whether some value of the field is supported.
func (m Matrix) some(f Field, column string) bool {
	return slices.ContainsFunc(m.Rows, func(row Row) bool {
		level := row.Cells[column].Level
		return slices.Contains(f.Features, row.Feature) && level != "" && level != translators.Unsupported
	})
}
