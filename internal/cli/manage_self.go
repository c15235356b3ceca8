package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/selfinstall"
)

// errAbsent is the answer where there is no Meshloom to do something with.
var errAbsent = errors.New("the cluster has no Meshloom: meshctl install")

func (a *app) upgrade() *cobra.Command {
	s, reset := &selfFlags{}, false
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Upgrade Meshloom; its subcommands upgrade meshes and ingresses",
		Long: `Upgrade brings Meshloom to the version of this meshctl, with the values that it
was installed with and those of the flags over them. It shows what changes, asks,
and waits until everything is ready. Meshes are not touched by it. Going back to
an older version asks for the name of the release to be typed.`,
		Example: `  meshctl upgrade --dry-run
  meshctl upgrade -y

  # a mesh, through Meshloom
  meshctl upgrade mesh shop --version 1.31`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, engine, found, err := a.self(cmd.Context(), "upgrade")
			if err != nil {
				return err
			}
			w, err := a.upgradeWork(cmd.Context(), engine, s, reset)
			if err != nil {
				return err
			}
			return a.upgradeSelf(cmd.Context(), upgradingSelf{client: c, engine: engine, found: found, work: w, flags: s})
		},
	}
	s.addFlags(cmd.Flags())
	s.addConfirm(cmd.Flags())
	cmd.Flags().BoolVar(&reset, "reset-values", false, "forget the values that it was installed with")
	cmd.AddCommand(a.upgradeInstalled("mesh"), a.upgradeInstalled("ingress"))
	return cmd
}

// self finds the installation that meshctl made.
func (a *app) self(ctx context.Context, verb string) (client.Client, *helm.Engine, *selfinstall.Found, error) {
	c, err := a.client()
	if err != nil {
		return nil, nil, nil, err
	}
	engine, err := a.charts()
	if err != nil {
		return nil, nil, nil, err
	}
	found, err := selfinstall.Look(ctx, c, engine)
	if err == nil {
		err = found.Foreign(verb)
	}
	if err == nil && found == nil {
		err = errAbsent
	}
	return c, engine, found, err
}

// upgradeWork is the chart with the values that there are, and those of the
// flags over them.
func (a *app) upgradeWork(ctx context.Context, engine *helm.Engine, s *selfFlags, reset bool) (helm.Work, error) {
	w, err := a.selfWork(s)
	if err != nil || reset {
		return w, err
	}
	given, err := engine.Values(ctx, chart.Namespace, chart.Release)
	if err != nil {
		return w, err
	}
	return selfinstall.Work(w.Chart.Version, install.MergeValues(given, w.Chart.Values))
}

// upgradingSelf is an upgrade of Meshloom.
type upgradingSelf struct {
	client client.Client
	engine *helm.Engine
	found  *selfinstall.Found
	work   helm.Work
	flags  *selfFlags
}

func (a *app) upgradeSelf(ctx context.Context, u upgradingSelf) error {
	changes, err := u.engine.ChangeOf(ctx, u.work)
	if err != nil {
		return err
	}
	if len(changes) == 0 && u.found.Release.Status == install.Deployed {
		a.note("Meshloom is at version %s already, and nothing changes", u.found.Version)
		return nil
	}
	if err := a.changes(changes); err != nil {
		return err
	}
	a.note("Meshloom goes from version %s to %s: %d objects change.", u.found.Version, u.work.Chart.Version, len(changes))
	if u.flags.dryRun != "" {
		return nil
	}
	if install.Newer(u.found.Version, u.work.Chart.Version) {
		err = a.agreeTyped(ctx, &u.flags.agreement, "That is an older version.", chart.Release)
	} else {
		err = a.agree(ctx, &u.flags.agreement, "Upgrade it?")
	}
	if err != nil {
		return err
	}
	objects, err := selfinstall.Objects(ctx, u.work)
	if err != nil {
		return err
	}
	return a.putSelf(ctx, u.client, u.engine, putting{work: u.work, objects: objects, timeout: u.flags.timeout, wait: u.flags.wait})
}

// changes prints what changes in which objects.
func (a *app) changes(all []helm.ObjectChange) error {
	var text strings.Builder
	for _, change := range all {
		fmt.Fprintf(&text, "%s %s %s\n", change.Action, change.Kind, strings.TrimPrefix(change.Namespace+"/"+change.Name, "/"))
		for _, field := range change.Fields {
			fmt.Fprintf(&text, "  %s: %s -> %s\n", field.Field, orDash(field.Have), orDash(field.Want))
		}
	}
	if _, err := io.WriteString(a.Out, text.String()); err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func (a *app) rollback() *cobra.Command {
	ch, to := &change{}, 0
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Take Meshloom back to what ran before; its subcommands do so with meshes and ingresses",
		Long: `Rollback takes the Helm release of Meshloom back to the revision before the one
that runs, or to the one that --to names. Meshes are not touched by it. The CRDs
go back, too.`,
		Example: `  meshctl rollback
  helm history meshloom -n meshloom-system
  meshctl rollback --to 3 --confirm meshloom

  # a mesh, through Meshloom
  meshctl rollback mesh shop`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.rollbackSelf(cmd.Context(), ch, to) },
	}
	ch.addFlags(cmd.Flags())
	ch.addConfirm(cmd.Flags())
	cmd.Flags().IntVar(&to, "to", 0, "Helm's number of the revision to go back to; default is the one that ran before")
	cmd.AddCommand(a.rollbackInstalled("mesh"), a.rollbackInstalled("ingress"))
	return cmd
}

func (a *app) rollbackSelf(ctx context.Context, ch *change, to int) error {
	c, engine, found, err := a.self(ctx, "rollback")
	if err != nil {
		return err
	}
	history, err := engine.History(ctx, chart.Namespace, chart.Release)
	if err != nil {
		return err
	}
	back, err := revisionBefore(history, to)
	if err != nil {
		return err
	}
	a.note("Meshloom goes from version %s back to %s, revision %d of its release.", found.Version, back.AppVersion, back.Revision)
	if ch.dryRun != "" {
		return nil
	}
	if install.Newer(found.Version, back.AppVersion) {
		err = a.agreeTyped(ctx, &ch.agreement, "That is an older version.", chart.Release)
	} else {
		err = a.agree(ctx, &ch.agreement, "Go back?")
	}
	if err != nil {
		return err
	}
	show := a.progress()
	defer show.end()
	err = engine.RollBack(ctx, helm.Back{
		Namespace: chart.Namespace, Name: chart.Release, To: back.Revision, Why: fmt.Sprintf("rolled back to revision %d", back.Revision),
	})
	if err != nil || !ch.wait {
		return err
	}
	given, err := engine.Values(ctx, chart.Namespace, chart.Release)
	if err != nil {
		return err
	}
	w, err := selfinstall.Work(back.AppVersion, given)
	if err != nil {
		return err
	}
	return a.awaitGates(ctx, c, engine, awaiting{gates: w.Chart.Gates, namespace: chart.Namespace, timeout: ch.timeout, whole: ch.timeout, show: show})
}

// revisionBefore returns the revision to go back to: the one that is named, or
// the newest that ran before the one that runs.
func revisionBefore(history []install.Release, to int) (install.Release, error) {
	if len(history) == 0 {
		return install.Release{}, errAbsent
	}
	for _, r := range history[1:] {
		if to == r.Revision || to == 0 && r.Status == install.Deployed {
			return r, nil
		}
	}
	if to != 0 {
		return install.Release{}, fmt.Errorf("revision %d is not in the release's history (helm history %s -n %s)", to, chart.Release, chart.Namespace)
	}
	return install.Release{}, fmt.Errorf("nothing ran before revision %d", history[0].Revision)
}
