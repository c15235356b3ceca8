package cli

import (
	"context"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/internal/version"
)

// versions is what version prints.
type versions struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Client     string `json:"client"`
	Go         string `json:"go"`
	// Server is the version of Meshloom in the cluster.
	Server string `json:"server,omitempty"`
	// Operators are the images of Meshloom's processes in the cluster.
	Operators []string `json:"operators,omitempty"`
	// Meshes are the versions of meshes, by name.
	Meshes []meshVersion `json:"meshes,omitempty"`
}

// meshVersion is a mesh and the version that runs.
type meshVersion struct {
	Name     string `json:"name"`
	Provider string `json:"provider"`
	Mode     string `json:"mode"`
	Version  string `json:"version,omitempty"`
}

func (a *app) version() *cobra.Command {
	output, clientOnly := "text", false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of meshctl, of Meshloom in the cluster, and of meshes",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := versions{APIVersion: cliVersion, Kind: "Version", Client: version.Build(), Go: runtime.Version()}
			if !clientOnly {
				a.server(cmd.Context(), &v)
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

// server adds what runs in the cluster. A cluster that does not answer is no
// error: the version of meshctl is still worth printing.
func (a *app) server(ctx context.Context, v *versions) {
	c, err := a.client()
	if err != nil {
		a.note("no version of the cluster's Meshloom: %v", err)
		return
	}
	deployments := &appsv1.DeploymentList{}
	if err := c.List(ctx, deployments, client.MatchingLabels{"app.kubernetes.io/part-of": "meshloom"}); err != nil {
		a.note("no version of the cluster's Meshloom: list deployments: %v", err)
		return
	}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		if d.Name == chart.Operator {
			v.Server = d.Labels["app.kubernetes.io/version"]
		}
		for _, container := range d.Spec.Template.Spec.Containers {
			v.Operators = append(v.Operators, d.Namespace+"/"+d.Name+" "+container.Image)
		}
	}
	meshes, err := list(ctx, c, kindOf("mesh"))
	if err != nil {
		a.note("no versions of meshes: %v", err)
		return
	}
	for _, obj := range meshes {
		if m, ok := obj.(*v1alpha1.Mesh); ok {
			v.Meshes = append(v.Meshes, meshVersion{m.Name, string(m.Spec.Provider), string(m.Spec.Mode), m.Status.Version})
		}
	}
}

func (v versions) text() string {
	text := fmt.Sprintf("meshctl %s (%s)\n", v.Client, v.Go)
	if v.Server != "" {
		text += "meshloom " + v.Server + "\n"
	}
	for _, o := range v.Operators {
		text += "operator " + o + "\n"
	}
	for _, m := range v.Meshes {
		text += fmt.Sprintf("mesh %s %s %s (%s)\n", m.Name, m.Provider, orDash(m.Version), m.Mode)
	}
	return text
}
