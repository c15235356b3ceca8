package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/selfinstall"
)

func (a *app) uninstall() *cobra.Command {
	ch, crds := &change{}, "keep"
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove Meshloom and leave traffic as it is; its subcommands remove meshes and ingresses",
		Long: `Uninstall removes Meshloom itself and nothing else: meshes, ingresses and the
native objects that were written go on working, unchanged. What is gone already
is no error. Installing again goes on where it was.

The CRDs of the unified API stay, and their objects with them. --crds=delete
deletes both, after what would be lost is listed and agreed to by name; native
objects stay then, too.`,
		Example: `  meshctl uninstall --dry-run
  meshctl uninstall -y

  # the objects of the unified API, too
  meshctl uninstall --crds=delete --confirm meshloom

  # a mesh, through Meshloom
  meshctl uninstall mesh shop`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if crds != "keep" && crds != "delete" {
				return usagef("--crds %q is not known; it can be keep or delete", crds)
			}
			return a.uninstallSelf(cmd.Context(), ch, crds == "delete")
		},
	}
	ch.addFlagsFor(cmd.Flags(), 5*time.Minute)
	ch.addConfirm(cmd.Flags())
	cmd.Flags().StringVar(&crds, "crds", crds, "keep, or delete them with every object of the unified API")
	cmd.AddCommand(a.uninstallInstalled("mesh"), a.uninstallInstalled("ingress"))
	return cmd
}

func (a *app) uninstallSelf(ctx context.Context, ch *change, crds bool) error {
	c, engine, found, err := a.self(ctx, "uninstall")
	if errors.Is(err, errAbsent) && !crds {
		a.note("Meshloom is not installed")
		return nil
	}
	if err != nil && !errors.Is(err, errAbsent) {
		return err
	}
	lost, err := a.unifiedObjects(ctx, c)
	if err != nil {
		return err
	}
	if found != nil {
		a.note("Meshloom %s is removed from namespace %s. Meshes, ingresses and native objects stay as they are.", found.Version, chart.Namespace)
	}
	switch {
	case crds:
		a.note("The CRDs of the unified API are deleted, and with them %d objects:", len(lost))
		for _, obj := range lost {
			a.note("  %s", kinds.RefOf(obj))
		}
	case len(lost) > 0:
		a.note("The CRDs stay, with %d objects.", len(lost))
	}
	if ch.dryRun != "" {
		return nil
	}
	if crds {
		err = a.agreeTyped(ctx, &ch.agreement, "They cannot be brought back.", chart.Release)
	} else {
		err = a.agree(ctx, &ch.agreement, "Remove it?")
	}
	if err != nil {
		return err
	}
	if err := engine.Uninstall(ctx, helm.Removal{Namespace: chart.Namespace, Name: chart.Release}); err != nil {
		return err
	}
	if err := a.awaitNoPods(ctx, c, ch.timeout); err != nil {
		return err
	}
	a.note("Meshloom is removed")
	going, err := a.leaveNamespace(ctx, c)
	if err != nil {
		return err
	}
	if crds {
		definitions, err := a.deleteDefinitions(ctx, c, lost)
		if err != nil {
			return err
		}
		going = append(going, definitions...)
	}
	return a.awaitAbsent(ctx, c, going, ch.timeout)
}

// awaitAbsent waits until objects that were deleted are gone.
func (a *app) awaitAbsent(ctx context.Context, c client.Client, objects []client.Object, timeout time.Duration) error {
	if len(objects) == 0 {
		return nil
	}
	show := a.progress()
	defer show.end()
	var left []string
	err := poll(ctx, timeout, func(ctx context.Context) error {
		left = nil
		for _, obj := range objects {
			err := c.Get(ctx, client.ObjectKeyFromObject(obj), obj)
			if err == nil {
				left = append(left, obj.GetName())
			} else if !apierrors.IsNotFound(err) {
				return err
			}
		}
		if len(left) == 0 {
			return errEnded
		}
		show.say("waiting for " + strings.Join(left, ", ") + " to go")
		return nil
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("still there after %s: %s", timeout, strings.Join(left, ", "))
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; what was deleted goes")
	}
	return err
}

// unifiedObjects lists all objects of the unified API.
func (a *app) unifiedObjects(ctx context.Context, c client.Client) ([]client.Object, error) {
	var out []client.Object
	for _, gvk := range kinds.Unified() {
		objects, err := list(ctx, c, gvk)
		if err != nil {
			return nil, err
		}
		out = append(out, objects...)
	}
	return out, nil
}

// awaitNoPods waits until no process of Meshloom runs that could take what is
// done next for somebody's wish to have everything removed.
func (a *app) awaitNoPods(ctx context.Context, c client.Client, timeout time.Duration) error {
	show := a.progress()
	defer show.end()
	var left []string
	err := poll(ctx, timeout, func(ctx context.Context) error {
		var err error
		if left, err = selfinstall.Pods(ctx, c); err != nil {
			return err
		}
		if len(left) == 0 {
			return errEnded
		}
		show.say("waiting for " + strings.Join(left, ", ") + " to end")
		return nil
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("pods are still there after %s: %s", timeout, strings.Join(left, ", "))
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; Meshloom is being removed, and nothing else is")
	}
	return err
}

// deleteDefinitions deletes the CRDs of the unified API, and returns them. Nobody is left who
// would answer to the finalizers of objects, and nothing is to be removed for
// them, so they are taken off first.
func (a *app) deleteDefinitions(ctx context.Context, c client.Client, objects []client.Object) ([]client.Object, error) {
	for _, obj := range objects {
		before, ok := obj.DeepCopyObject().(client.Object)
		if !ok || !controllerutil.RemoveFinalizer(obj, finalizer) {
			continue
		}
		if err := client.IgnoreNotFound(c.Patch(ctx, obj, client.MergeFrom(before))); err != nil {
			return nil, fmt.Errorf("take the finalizer off %s: %w", kinds.RefOf(obj), err)
		}
	}
	definitions, err := kinds.Definitions()
	if err != nil {
		return nil, err
	}
	var deleted []client.Object
	for _, definition := range definitions {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		crd.Name = definition.Name
		err := c.Delete(ctx, crd)
		if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
			return nil, fmt.Errorf("delete definition %s: %w", crd.Name, err)
		}
		deleted = append(deleted, crd)
	}
	a.note("the CRDs are deleted")
	return deleted, nil
}
