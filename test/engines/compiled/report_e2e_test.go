//go:build e2e

package compiled

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/istio"
)

// report is what became of each feature, by variant and feature.
type report map[string]*outcome

type outcome struct {
	assertions int
	failed     bool
}

// results are those of this run.
var results = report{}

func (r report) note(variant string, f ir.Feature, ok bool) {
	key := variant + " " + string(f)
	o := r[key]
	if o == nil {
		o = &outcome{}
		r[key] = o
	}
	o.assertions++
	o.failed = o.failed || !ok
}

// verdict says what is known of a cell of the matrix after this run.
func (r report) verdict(variant string, f ir.Feature, s translators.Support) string {
	o := r[variant+" "+string(f)]
	switch {
	case s.Level == "":
		return ""
	case s.Level == translators.Unsupported:
		return "refused"
	case o == nil && unaskable[variant][f] != "":
		return "cannot be asked"
	case o == nil:
		return "not run"
	case o.failed:
		return "FAILED"
	default:
		return fmt.Sprintf("compiled (%d)", o.assertions)
	}
}

func (r report) print(out io.Writer) {
	if len(r) == 0 {
		return
	}
	provider := istio.Provider()
	tables := map[string]map[ir.Feature]translators.Support{}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "\nGROUP\tFEATURE")
	for _, v := range provider.Variants {
		tables[v.Name] = provider.Supports(translators.Env{Variant: v.Name})
		fmt.Fprintf(w, "\t%s", v.Name)
	}
	fmt.Fprintln(w)
	for _, info := range ir.Features() {
		fmt.Fprintf(w, "%s\t%s", info.Group, info.Feature)
		for _, v := range provider.Variants {
			fmt.Fprintf(w, "\t%s", r.verdict(v.Name, info.Feature, tables[v.Name][info.Feature]))
		}
		fmt.Fprintln(w)
	}
	// What is said of a run cannot fail it.
	_ = w.Flush()
}
