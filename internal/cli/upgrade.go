package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
)

// upgrading is what upgrade mesh was asked for.
type upgrading struct {
	managed
	change

	moveImmovable, retry bool
}

func (a *app) upgradeInstalled(word string) *cobra.Command {
	u := &upgrading{}
	cmd := &cobra.Command{
		Use:   word + " NAME --version VERSION",
		Short: fmt.Sprintf("Upgrade a Managed %s, or change its values", word),
		Long: `Upgrade shows every step and what cannot be moved without losing requests, asks,
changes the spec, and shows how it goes until it is done. Going back to an older
version asks for the name to be typed.

Exit codes: 0 done; 1 done as far as it goes by itself: workloads are left to
restart; 2 it was refused, failed or was rolled back, or took too long.`,
		Example: fmt.Sprintf(`  meshctl upgrade %s shop --version 1.31 --strategy Canary --restarts Automatic

  # what it would do
  meshctl upgrade %s shop --version 1.31 --dry-run`, word, word),
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, obj, err := a.installed(cmd.Context(), word, args[0])
			if err != nil {
				return err
			}
			if err := managedOnly(obj); err != nil {
				return err
			}
			next, err := a.next(obj, u)
			if err != nil {
				return err
			}
			return a.turn(cmd.Context(), c, turning{old: obj, next: next, change: &u.change, question: "Upgrade it?"})
		},
	}
	u.managed.addFlags(cmd.Flags())
	u.addFlagsFor(cmd.Flags(), time.Hour)
	u.addConfirm(cmd.Flags())
	cmd.Flags().BoolVar(&u.moveImmovable, "move-immovable", false, "restart workloads, too, that cannot be without losing requests")
	cmd.Flags().BoolVar(&u.retry, "retry", false, "try again what failed, and take back what somebody changed by hand")
	return cmd
}

// installed reads a Mesh or an IngressController.
func (a *app) installed(ctx context.Context, word, name string) (client.Client, client.Object, error) {
	c, err := a.client()
	if err != nil {
		return nil, nil, err
	}
	obj, err := a.one(ctx, c, kindOf(word), name)
	return c, obj, err
}

// managedOnly refuses what Meshloom does not install.
func managedOnly(obj client.Object) error {
	if _, mode, _ := installedStatus(obj); mode != v1alpha1.ModeManaged {
		what := described(obj)
		return fmt.Errorf("%s is Adopted: whoever installed it upgrades it, unless you hand it to Meshloom: meshctl adopt %s --managed", what, what)
	}
	return nil
}

// next returns the object as it shall be.
func (a *app) next(obj client.Object, u *upgrading) (client.Object, error) {
	var err error
	switch o := obj.DeepCopyObject().(type) {
	case *v1alpha1.Mesh:
		if u.version != "" {
			o.Spec.Version = u.version
		}
		o.Spec.Upgrade = u.upgrade(o.Spec.Upgrade)
		o.Spec.Helm, err = a.helm(&u.managed, o.Spec.Helm)
		u.annotate(o)
		return o, err
	case *v1alpha1.IngressController:
		if u.version != "" {
			o.Spec.Version = u.version
		}
		o.Spec.Upgrade = u.upgrade(o.Spec.Upgrade)
		o.Spec.Helm, err = a.helm(&u.managed, o.Spec.Helm)
		u.annotate(o)
		return o, err
	}
	return nil, fmt.Errorf("upgrade %s: it is nothing that is installed", described(obj))
}

// annotate sets what somebody agrees to beside the spec.
func (u *upgrading) annotate(obj client.Object) {
	if u.moveImmovable {
		annotate(obj, v1alpha1.AnnotationMoveImmovable, "true")
	}
	if u.retry {
		annotate(obj, v1alpha1.AnnotationRetry, time.Now().UTC().Format(time.RFC3339))
	}
}

func annotate(obj client.Object, name, value string) {
	annotations := obj.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[name] = value
	obj.SetAnnotations(annotations)
}

// turning is a change of an object that is to be made.
type turning struct {
	old, next client.Object
	change    *change
	question  string
}

// turn shows what a change does, asks, makes it and waits.
func (a *app) turn(ctx context.Context, c client.Client, t turning) error {
	what := described(t.old)
	if equality.Semantic.DeepEqual(specOf(t.old), specOf(t.next)) && equality.Semantic.DeepEqual(t.old.GetAnnotations(), t.next.GetAnnotations()) {
		a.note("%s is asked to be so already", what)
		return a.awaitIf(ctx, c, t.next, t.change)
	}
	if err := a.validateNew(t.next); err != nil {
		return err
	}
	t.next.SetGeneration(t.old.GetGeneration() + 1)
	if err := a.preview(ctx, c, t.next, t.change.dryRun != ""); err != nil {
		return err
	}
	switch t.change.dryRun {
	case dryRunServer:
		if err := c.Update(ctx, t.next, client.DryRunAll); err != nil {
			return fmt.Errorf("try to change %s: %w", what, err)
		}
		return a.manifest(t.next)
	case dryRunClient:
		return a.manifest(t.next)
	}
	if err := a.agreeTo(ctx, t); err != nil {
		return err
	}
	if err := c.Update(ctx, t.next); err != nil {
		return fmt.Errorf("change %s: %w", what, err)
	}
	a.note("%s is changed", what)
	return a.awaitIf(ctx, c, t.next, t.change)
}

// agreeTo asks for a change; for the name where it goes back.
func (a *app) agreeTo(ctx context.Context, t turning) error {
	from, to := a.versionOf(t.old), a.asked(t.next)
	if from != "" && to != "" && install.Newer(from, to) {
		return a.agreeTyped(ctx, &t.change.agreement, fmt.Sprintf("%s goes back from version %s to %s.", described(t.old), from, to), t.old.GetName())
	}
	return a.agree(ctx, &t.change.agreement, t.question)
}

// versionOf is the exact version that runs.
func (a *app) versionOf(obj client.Object) string {
	status, _, _ := installedStatus(obj)
	if status.Version == "" && status.Install != nil {
		return status.Install.Version
	}
	return status.Version
}

// catalogOf is that of the object's provider; one without versions where nothing
// of it can be installed.
func (a *app) catalogOf(obj client.Object) install.Catalog {
	provider := ""
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		provider = string(o.Spec.Provider)
	case *v1alpha1.IngressController:
		provider = string(o.Spec.Provider)
	}
	if p := a.provider(provider); p != nil && p.Charts != nil {
		return p.Charts.Catalog
	}
	return install.Catalog{}
}

// asked is the exact version that the spec asks for; "" where the catalog does
// not have it.
func (a *app) asked(obj client.Object) string {
	version := ""
	switch o := obj.(type) {
	case *v1alpha1.Mesh:
		version = o.Spec.Version
	case *v1alpha1.IngressController:
		version = o.Spec.Version
	}
	entry, err := a.catalogOf(obj).Resolve(version)
	if err != nil {
		return ""
	}
	return entry.Version
}
