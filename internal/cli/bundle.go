package cli

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/translators"
)

func (a *app) bundle() *cobra.Command {
	out, provider, versions, m := "", "", []string{}, &managed{}
	cmd := &cobra.Command{
		Use:   "bundle -o FILE --provider PROVIDER",
		Short: "Pack charts for a cluster that reaches no repository",
		Long: `Bundle fetches the charts of versions of a mesh, from where they are, into one
file. The same charts make the same bytes. Charts that come with meshctl need no
network.`,
		Example: `  meshctl bundle -o charts.tgz --provider istio --version 1.31
  meshctl bundle -o charts.tgz --provider istio --version 1.30 --version 1.31`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usagef("-o is missing: name the file to write")
			}
			p, err := a.installable(provider, true)
			if err != nil {
				return err
			}
			if len(versions) == 0 {
				versions = []string{""}
			}
			var works []helm.Work
			for _, version := range versions {
				more, err := bundled(p, version, m)
				if err != nil {
					return err
				}
				works = append(works, more...)
			}
			var buf bytes.Buffer
			if err := helm.New(helm.Options{}).WriteBundle(cmd.Context(), &buf, works); err != nil {
				return err
			}
			if err := os.WriteFile(out, buf.Bytes(), 0o644); err != nil { //nolint:gosec // Charts are public.
				return fmt.Errorf("write bundle: %w", err)
			}
			for _, w := range works {
				a.note("%s %s", w.Chart.Name, w.Chart.Version)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "", "file to write")
	cmd.Flags().StringVar(&provider, "provider", "", "make of the mesh (meshctl capabilities lists them)")
	cmd.Flags().StringSliceVar(&versions, "version", nil, "minor or exact version; default is the catalog's (repeatable)")
	cmd.Flags().StringVar(&m.repository, "chart-repository", "", "where the charts are, as oci://, https:// or http://; default is the catalog's")
	return cmd
}

// bundled are the charts of a version of a mesh and of its gateways.
func bundled(p *translators.Provider, version string, m *managed) ([]helm.Work, error) {
	exact, err := p.Charts.Catalog.Resolve(version)
	if err != nil {
		return nil, err
	}
	spec := v1alpha1.MeshSpec{Provider: v1alpha1.MeshProvider(p.Name), Mode: v1alpha1.ModeManaged, Version: exact.Version}
	if m.repository != "" {
		spec.Helm = &v1alpha1.Helm{ChartSource: &v1alpha1.ChartSource{Repository: m.repository}}
	}
	plan := p.Charts.Mesh(install.MeshRequest{
		Mesh: "mesh", Spec: spec, Namespace: p.Usual.ControlPlaneNamespace, Version: exact.Version, Revision: "mesh", Default: true,
	})
	charts := plan.Charts
	if p.Charts.Gateway != nil {
		charts = append(charts, gatewayCharts(p, exact.Version, spec.Helm)...)
	}
	var works []helm.Work
	for _, c := range charts {
		works = append(works, helm.Work{Chart: c, Charts: p.Charts.Charts})
	}
	return works, nil
}

// gatewayCharts are those of the workload of a gateway.
func gatewayCharts(p *translators.Provider, version string, values *v1alpha1.Helm) []install.Chart {
	controller := v1alpha1.IngressController{Spec: v1alpha1.IngressControllerSpec{
		Provider: v1alpha1.IngressProvider(p.Name), Mode: v1alpha1.ModeManaged, Version: version, Helm: values,
	}}
	gateway := v1alpha1.IngressGateway{}
	gateway.Namespace, gateway.Name = "gateways", "gateway"
	return p.Charts.Gateway(install.GatewayRequest{Gateway: gateway, Controller: controller, Version: version}).Charts
}
