package cli

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/installer"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
)

// sight is a mesh with all that decides about its life.
type sight struct {
	planner *install.Planner
	wanted  install.Wanted
	seen    install.Seen
}

// charts returns the engine for Helm releases in the cluster of the flags.
func (a *app) charts() (*helm.Engine, error) {
	config, err := a.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	return helm.New(helm.Options{Config: config, Namespace: chart.Namespace}), nil
}

// looking returns the eyes of the installer on the cluster of the flags.
func (a *app) looking(c client.Client, engine *helm.Engine) (*installer.Look, error) {
	config, err := a.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	info, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return installer.NewLook(c, info, engine, a.Providers), nil
}

// lookAround sees what installing anything depends on.
func (a *app) lookAround(ctx context.Context, c client.Client) (install.Cluster, *helm.Engine, error) {
	engine, err := a.charts()
	if err != nil {
		return install.Cluster{}, nil, err
	}
	eyes, err := a.looking(c, engine)
	if err != nil {
		return install.Cluster{}, nil, err
	}
	cluster, err := eyes.Cluster(ctx)
	return cluster, engine, err
}

// look sees what decides about a mesh, as its spec shall be.
func (a *app) look(ctx context.Context, c client.Client, mesh *v1alpha1.Mesh) (*sight, error) {
	engine, err := a.charts()
	if err != nil {
		return nil, err
	}
	eyes, err := a.looking(c, engine)
	if err != nil {
		return nil, err
	}
	s := &sight{planner: a.provider(string(mesh.Spec.Provider)).Charts}
	s.wanted, s.seen, err = eyes.Mesh(ctx, mesh)
	return s, err
}

// show prints, for a person, what speaks against it, what will be left as it
// is, and every step. It fails where the steps would not begin.
func (a *app) show(ctx context.Context, s *sight, values bool) error {
	refused := false
	for _, f := range install.Preflight(s.planner, s.wanted, s.seen) {
		a.note("%s: %s", f.Level, f.Message)
		refused = refused || f.Level == install.LevelError
	}
	if refused {
		return errRefused
	}
	lines := install.Preview(s.planner, s.wanted, s.seen)
	a.note("What will be done:")
	for i, line := range lines {
		if line.Kind == install.StepDone {
			continue
		}
		a.note("%3d. %s", i+1, line.Text)
		if line.Chart == nil {
			continue
		}
		if values {
			a.chart(line.Chart)
		}
		if err := s.accepts(ctx, line.Chart); err != nil {
			return err
		}
	}
	if last := lines[len(lines)-1]; last.Kind == install.StepRefuse {
		return fmt.Errorf("%s: %s", last.Reason, last.Text)
	}
	return nil
}

// accepts has a chart of this binary judge its values, where it has a schema.
// Those of repositories are judged by the installer, which reaches them.
func (s *sight) accepts(ctx context.Context, c *install.Chart) error {
	if c.Source.Kind != install.Embedded || s.wanted.Deleting {
		return nil
	}
	return helm.New(helm.Options{}).Validate(ctx, helm.Work{Chart: *c, Charts: s.planner.Charts})
}

// chart prints what a chart is installed with.
func (a *app) chart(c *install.Chart) {
	a.note("     chart %s %s as release %s/%s, from %s", c.Name, c.Version, c.Namespace, c.Release, sourceOf(c.Source))
	data, err := yaml.Marshal(c.Values)
	if err != nil || len(c.Values) == 0 {
		return
	}
	for line := range strings.SplitSeq(strings.TrimRight(string(data), "\n"), "\n") {
		a.note("       %s", line)
	}
}

func sourceOf(s install.Source) string {
	if s.Location == "" {
		return strings.ToLower(string(s.Kind))
	}
	return s.Location
}
