package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/internal/checkup"
)

// checking is what check was asked for.
type checking struct {
	pre    bool
	output string
	failOn string
}

// checkReport is the JSON form of what check found.
type checkReport struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Success    bool            `json:"success"`
	Checks     []checkup.Check `json:"checks"`
}

func (a *app) check() *cobra.Command {
	ch := &checking{output: "table", failOn: "error"}
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for what is wrong with Meshloom, its meshes and its ingresses",
		Long: `Check looks at the cluster, changes nothing, and says what is wrong and what to do:
whether Meshloom runs and leads, whether its kinds are served, and of every mesh
and ingress its conditions, the version that runs and the one that is wanted, its
root certificate, what somebody changed of what was installed, and proxies of
other versions.

With --pre it asks instead whether Meshloom can be installed: whether you have
the rights that its chart takes, the version of Kubernetes, who keeps the CRDs,
which meshes run, what is left of others.

Exit codes: 0 nothing found; 1 something found; 2 it could not look.`,
		Example: `  meshctl check --pre
  meshctl check
  meshctl check -o json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ch.failOn != string(checkup.Warning) && ch.failOn != string(checkup.Error) {
				return usagef("--fail-on %q is not known; it can be warning or error", ch.failOn)
			}
			look := a.checkAfter
			if ch.pre {
				look = a.checkBefore
			}
			checks, err := look(cmd.Context())
			if err != nil {
				return err
			}
			return a.printChecks(checks, ch)
		},
	}
	cmd.Flags().BoolVar(&ch.pre, "pre", false, "check what installing Meshloom needs")
	cmd.Flags().StringVarP(&ch.output, "output", "o", ch.output, "table, json or yaml")
	cmd.Flags().StringVar(&ch.failOn, "fail-on", ch.failOn, "what makes the exit code 1: warning or error")
	return cmd
}

func (a *app) printChecks(checks []checkup.Check, ch *checking) error {
	found := checkup.Found(checks, checkup.Result(ch.failOn))
	var err error
	switch ch.output {
	case "json", "yaml":
		err = a.document(checkReport{APIVersion: cliVersion, Kind: "CheckReport", Success: !found, Checks: checks}, ch.output)
	case "table":
		var rows [][]string
		for _, c := range checks {
			text := c.Message
			if c.Result != checkup.OK {
				text += " -> " + c.Hint
			}
			rows = append(rows, []string{string(c.Result), c.Category, c.Name, strings.TrimSpace(text)})
		}
		err = a.table([]string{"RESULT", "CATEGORY", "CHECK", "DETAILS"}, rows)
	default:
		return unknownOutput(ch.output, "table, json or yaml")
	}
	if err == nil && found {
		err = errFound
	}
	return err
}
