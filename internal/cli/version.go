package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/version"
)

// versions is what version prints.
type versions struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Client     string `json:"client"`
	Go         string `json:"go"`
	// Operators are the images of operators found in the cluster.
	Operators []string `json:"operators,omitempty"`
}

func (a *app) version() *cobra.Command {
	output, clientOnly := "text", false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of meshctl and of the operator",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{APIVersion: cliVersion, Kind: "Version", Client: version.Build(), Go: runtime.Version()}
			if !clientOnly {
				v.Operators = a.operators(cmd.Context())
			}
			switch output {
			case "json", "yaml":
				return a.document(v, output)
			case "text":
				_, err := fmt.Fprint(a.Out, v.text())
				return err
			default:
				return unknownOutput(output, "text, json or yaml")
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "text, json or yaml")
	cmd.Flags().BoolVar(&clientOnly, "client", false, "print the version of meshctl alone, without asking a cluster")
	return cmd
}

// operators returns the images of the operators in the cluster. A cluster that
// does not answer is no error: the version of meshctl is still worth printing.
func (a *app) operators(ctx context.Context) []string {
	c, err := a.client()
	if err != nil {
		a.note("no operator version: %v", err)
		return nil
	}
	deployments := &appsv1.DeploymentList{}
	if err := c.List(ctx, deployments, client.MatchingLabels{"app.kubernetes.io/part-of": "meshloom"}); err != nil {
		a.note("no operator version: list deployments: %v", err)
		return nil
	}
	var out []string
	for _, d := range deployments.Items {
		for _, container := range d.Spec.Template.Spec.Containers {
			out = append(out, d.Namespace+"/"+d.Name+" "+container.Image)
		}
	}
	return out
}

func (v versions) text() string {
	text := fmt.Sprintf("meshctl %s (%s)\n", v.Client, v.Go)
	for _, o := range v.Operators {
		text += "operator " + o + "\n"
	}
	return text
}
