package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/handover"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// releasing is what release was asked for.
type releasing struct {
	agreement
	dryRun bool
}

func (a *app) release() *cobra.Command {
	r := &releasing{}
	cmd := &cobra.Command{
		Use:   "release KIND NAME | KIND/NAME...",
		Short: "Give native objects to their users and let go of them",
		Long: `Release takes Meshloom's marks off the native objects that came from an object
of the unified API, so that they stay as they are and are yours, and then
deletes that object without anything being pruned. It is safe beside a running
operator. Objects that share a native object have to be released together.

A Mesh or an IngressController is not deleted: it becomes Adopted, and what it
asked for of namespaces stays. Its Helm releases stay, too, as anybody's.`,
		Example: `  # keep the VirtualServices of a split, without the split
  meshctl release trafficsplit reviews -n bookinfo

  # two objects that one native object was made from
  meshctl release trafficsplit/reviews trafficpolicy/reviews -n bookinfo

  # what would be released
  meshctl release mesh shop --dry-run`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s takes a kind and a name; see %s --help", cmd.CommandPath(), cmd.CommandPath())
			}
			return nil
		},
		ValidArgsFunction: a.completeObjects,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			objects, err := a.named(cmd.Context(), c, args)
			if err != nil {
				return err
			}
			return a.letGo(cmd.Context(), c, objects, r)
		},
	}
	r.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&r.dryRun, "dry-run", false, "print what would be released, and change nothing")
	return cmd
}

// named reads the objects that arguments name: a kind and a name, or any
// number of KIND/NAME.
func (a *app) named(ctx context.Context, c client.Client, args []string) ([]client.Object, error) {
	if len(args) == 2 && !strings.Contains(args[0], "/") {
		args = []string{args[0] + "/" + args[1]}
	}
	var out []client.Object
	for _, arg := range args {
		word, name, ok := strings.Cut(arg, "/")
		if !ok || name == "" {
			return nil, usagef("%q names no object: write KIND/NAME", arg)
		}
		gvk, err := parseKind(word)
		if err != nil {
			return nil, err
		}
		obj, err := a.one(ctx, c, gvk, name)
		if err != nil {
			return nil, err
		}
		out = append(out, obj)
	}
	return out, nil
}

// letGo shows what will be handed over, asks, and does it: first the native
// objects, then those of the unified API.
func (a *app) letGo(ctx context.Context, c client.Client, objects []client.Object, r *releasing) error {
	plan, err := a.handover(ctx, c, objects)
	if err != nil {
		return err
	}
	for _, obj := range plan.Objects {
		if _, err := fmt.Fprintf(a.Out, "%s %s\n", obj.GetKind(), strings.TrimPrefix(obj.GetNamespace()+"/"+obj.GetName(), "/")); err != nil {
			return fmt.Errorf("write output: %w", err)
		}
	}
	a.note("%d native objects lose Meshloom's marks and stay as they are.", len(plan.Objects))
	for _, obj := range objects {
		a.note("%s %s", kinds.RefOf(obj), fate(obj))
	}
	if r.dryRun {
		return nil
	}
	if err := a.agree(ctx, &r.agreement, "Release them?"); err != nil {
		return err
	}
	for _, obj := range plan.Objects {
		if err := handover.Hand(ctx, c, obj); err != nil {
			return fmt.Errorf("%w; what was released stays so, and the same command goes on with the rest", err)
		}
	}
	for _, obj := range objects {
		ref := kinds.RefOf(obj) // reading it anew forgets its kind
		if err := a.discharge(ctx, c, obj); err != nil {
			return err
		}
		a.note("released %s", ref)
	}
	return nil
}

// fate says what becomes of an object of the unified API that is released.
func fate(obj client.Object) string {
	if _, mode, ok := installedStatus(obj); ok {
		if mode == v1alpha1.ModeManaged {
			return "becomes Adopted and asks for nothing: its Helm releases are yours from then on"
		}
		return "asks for nothing from then on: what it wrote on namespaces stays"
	}
	return "is deleted, and nothing with it"
}

// handover finds what has to be handed over, and refuses what cannot be let go
// of alone.
func (a *app) handover(ctx context.Context, c client.Client, objects []client.Object) (handover.Plan, error) {
	refs := make([]ir.Ref, len(objects))
	for i, obj := range objects {
		refs[i] = kinds.RefOf(obj)
		if err := a.releasable(ctx, c, obj); err != nil {
			return handover.Plan{}, err
		}
	}
	live, err := handover.Live(ctx, c, a.nativeKinds())
	if err != nil {
		return handover.Plan{}, err
	}
	plan, err := handover.Make(live, refs)
	if err != nil {
		return handover.Plan{}, err
	}
	var lines []string
	for _, held := range plan.Held {
		if !onlyInstalls(refs) {
			lines = append(lines, fmt.Sprintf("%s %s/%s was made from %s, too: release it with the rest, as %s",
				held.Object.Kind, held.Object.Namespace, held.Object.Name, held.By[0], strings.ToLower(held.By[0].Kind)+"/"+held.By[0].Name))
		}
	}
	if len(lines) > 0 {
		return handover.Plan{}, fmt.Errorf("%s", strings.Join(lines, "\n"))
	}
	return plan, nil
}

// onlyInstalls says whether only what is installed is released: policies of a
// mesh that becomes Adopted go on, and so do the native objects that they have
// a part in.
func onlyInstalls(refs []ir.Ref) bool {
	for _, ref := range refs {
		if ref.Kind != v1alpha1.KindMesh && ref.Kind != v1alpha1.KindIngressController {
			return false
		}
	}
	return true
}

// releasable refuses what would take something down with it.
func (a *app) releasable(ctx context.Context, c client.Client, obj client.Object) error {
	if status, mode, ok := installedStatus(obj); ok {
		if mode == v1alpha1.ModeManaged && status.Install != nil && present(status.Install.Conditions, v1alpha1.ConditionUpgrading) != nil {
			return fmt.Errorf("%s is being upgraded: wait for the end, or go back with meshctl rollback, before you release it", kinds.RefOf(obj))
		}
		return nil
	}
	gateway, ok := obj.(*v1alpha1.IngressGateway)
	if !ok {
		return nil
	}
	controller := &v1alpha1.IngressController{}
	err := c.Get(ctx, client.ObjectKey{Name: string(gateway.Spec.ControllerRef.Name)}, controller)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read IngressController %s: %w", gateway.Spec.ControllerRef.Name, err)
	}
	if controller.Spec.Mode == v1alpha1.ModeManaged {
		return fmt.Errorf("the pods of %s belong to IngressController %s: release that first (meshctl release ingresscontroller %s)",
			kinds.RefOf(obj), controller.Name, controller.Name)
	}
	return nil
}

// nativeKinds are the kinds that any provider emits.
func (a *app) nativeKinds() []schema.GroupVersionKind {
	return translators.Kinds(a.Providers)
}

// discharge lets go of an object of the unified API whose native objects are
// handed over.
func (a *app) discharge(ctx context.Context, c client.Client, obj client.Object) error {
	if _, _, ok := installedStatus(obj); ok {
		return a.disown(ctx, c, obj)
	}
	uid := obj.GetUID()
	err := c.Delete(ctx, obj, &client.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err = client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("delete %s: %w", kinds.RefOf(obj), err)
	}
	return nil
}
