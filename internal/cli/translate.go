package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/render"
)

func (a *app) translate() *cobra.Command {
	s, output, outDir := &source{}, "yaml", ""
	cmd := &cobra.Command{
		Use:   "translate -f FILE",
		Short: "Print the native objects that manifests become, without a cluster",
		Long: `Translate reads objects of the Meshloom API with the Services and workloads
they speak of, and prints what a mesh and an ingress would be given. The same
input gives the same bytes.

Rejected objects are left out, named on stderr, and make the exit code 1.`,
		Example: `  # what Bookinfo becomes on Istio
  meshctl translate -f examples/bookinfo --mesh istio --ingress istio

  # rendered manifests for a GitOps repository
  meshctl translate -f apps/ --out-dir rendered/`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			e, err := a.load(s)
			if err != nil {
				return err
			}
			outputs := e.ComputeAll()
			docs, rejected := a.rendered(e, outputs)
			if outDir != "" {
				err = render.Dir(outDir, docs)
			} else {
				err = render.Stream(a.Out, docs, output)
			}
			if err == nil && rejected {
				err = errFound
			}
			return err
		},
	}
	s.addFlags(cmd.Flags(), a.Providers)
	cmd.Flags().StringVarP(&output, "output", "o", output, "yaml, json or name")
	cmd.Flags().StringVar(&outDir, "out-dir", "", "write one file per object below this folder, and remove those of an earlier run that are no longer made")
	return cmd
}

// rendered returns what is to be printed, after the issues went to stderr.
func (a *app) rendered(e *engine.Engine, outputs []engine.Output) (docs []render.Doc, rejected bool) {
	issues, rejected := findings(e, outputs)
	docs, conflicts := render.Docs(outputs)
	for _, issue := range append(issues, conflicts...) {
		a.note("%s", formatIssue(issue))
	}
	return docs, rejected
}

func (a *app) validate() *cobra.Command {
	s, output := &source{}, "table"
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check manifests for a mesh and an ingress, without a cluster",
		Long: `Validate checks what translate would do and prints what it found. Exit code 0:
everything is native or emulated; 1: something is rejected; 2: a file cannot be
read or an API server would refuse an object.`,
		Example: `  meshctl validate -f examples/bookinfo --mesh istio --ingress istio`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			e, err := a.load(s)
			if err != nil {
				return err
			}
			outputs := e.ComputeAll()
			issues, rejected := findings(e, outputs)
			_, conflicts := render.Docs(outputs)
			issues = append(issues, conflicts...)
			if err := a.printIssues(issues, output); err != nil {
				return err
			}
			if rejected {
				return errFound
			}
			a.note("%d units checked, nothing rejected", len(outputs))
			return nil
		},
	}
	s.addFlags(cmd.Flags(), a.Providers)
	cmd.Flags().StringVarP(&output, "output", "o", output, "table, json or yaml")
	return cmd
}

// unknownOutput is the error for a value that -o cannot have.
func unknownOutput(value, known string) error {
	return usageError{fmt.Errorf("-o %q is not known; it can be %s", value, known)}
}
