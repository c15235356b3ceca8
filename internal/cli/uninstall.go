package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers/mesh"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/handover"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/translators/ir"
)

// removing is what uninstall mesh was asked for.
type removing struct {
	change

	members, crds bool
	// native is the number of native objects that go.
	native int
}

func (a *app) uninstallInstalled(word string) *cobra.Command {
	r := &removing{}
	cmd := &cobra.Command{
		Use:   word + " NAME",
		Short: fmt.Sprintf("Remove a %s and what Meshloom installed for it", word),
		Long: `Uninstall shows what will go, asks, deletes the object and waits until it is
gone. What is gone already is no error. What Meshloom did not install stays.

While namespaces are in a mesh it is refused, as their workloads would lose it;
--with-members goes on all the same. The CRDs of the mesh stay, and with them
whatever is written in its words, unless --crds says otherwise.`,
		Example: fmt.Sprintf(`  meshctl uninstall %s shop

  # what would go
  meshctl uninstall %s shop --dry-run`, word, word),
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, obj, err := a.installed(cmd.Context(), word, args[0])
			if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
				a.note("%s %s is not there", word, args[0])
				return nil
			}
			if err != nil {
				return err
			}
			return a.removeInstalled(cmd.Context(), c, obj, r)
		},
	}
	r.addFlagsFor(cmd.Flags(), 10*time.Minute)
	r.addConfirm(cmd.Flags())
	if word == words[v1alpha1.KindMesh] {
		cmd.Flags().BoolVar(&r.members, "with-members", false, "go on while namespaces are in the mesh")
	}
	cmd.Flags().BoolVar(&r.crds, "crds", false, "delete the CRDs, too, and every object of their kinds")
	return cmd
}

// removeInstalled shows what goes with an object, asks, and deletes it.
func (a *app) removeInstalled(ctx context.Context, c client.Client, obj client.Object, r *removing) error {
	what := described(obj)
	native, err := a.nativeIn(ctx, c, obj)
	if err != nil {
		return err
	}
	r.native = len(native)
	if err := a.showRemoval(ctx, c, obj, r); err != nil {
		return err
	}
	if r.dryRun != "" {
		return nil
	}
	question := "Remove it?"
	if r.crds {
		err = a.agreeTyped(ctx, &r.agreement, "Every object of those kinds is lost.", obj.GetName())
	} else {
		err = a.agree(ctx, &r.agreement, question)
	}
	if err != nil {
		return err
	}
	if err := a.consent(ctx, c, obj, r); err != nil {
		return fmt.Errorf("agree to the removal of %s: %w", what, err)
	}
	if err := c.Delete(ctx, obj); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete %s: %w", what, err)
	}
	a.note("%s is being removed", what)
	if !r.wait {
		return nil
	}
	return a.awaitGone(ctx, c, obj, r.timeout)
}

// showRemoval says what goes, and refuses while somebody needs it.
func (a *app) showRemoval(ctx context.Context, c client.Client, obj client.Object, r *removing) error {
	members, gateways, err := a.dependents(ctx, c, obj)
	if err != nil {
		return err
	}
	if r.native > 0 {
		a.note("%d native objects that came from it go; to keep them: meshctl release %s/%s first", r.native, strings.ToLower(obj.GetObjectKind().GroupVersionKind().Kind), obj.GetName())
	}
	_, mode, _ := installedStatus(obj)
	if mode == v1alpha1.ModeAdopted {
		a.note("It is Adopted: what runs stays, as Meshloom did not install it.")
		return nil
	}
	for _, g := range gateways {
		a.note("IngressGateway %s needs it", g)
	}
	if len(members) > 0 {
		a.note("Namespaces in the mesh: %s", strings.Join(members, ", "))
		if !r.members {
			return fmt.Errorf("%s has %d namespaces: take them out of spec.members and restart their workloads, or say --with-members", described(obj), len(members))
		}
	}
	if m, ok := obj.(*v1alpha1.Mesh); ok {
		return a.showLeaving(ctx, c, m, r)
	}
	return nil
}

// showLeaving prints the steps by which a mesh goes.
func (a *app) showLeaving(ctx context.Context, c client.Client, m *v1alpha1.Mesh, r *removing) error {
	if p := a.provider(string(m.Spec.Provider)); p == nil || p.Charts == nil {
		return nil
	}
	going := m.DeepCopy()
	annotate(going, v1alpha1.AnnotationUninstall, r.agreed())
	s, err := a.look(ctx, c, going)
	if err != nil {
		return err
	}
	s.wanted.Deleting = true
	a.note("What will be done:")
	for i, line := range install.Preview(s.planner, s.wanted, s.seen) {
		a.note("%3d. %s", i+1, line.Text)
	}
	return nil
}

// agreed is the value of the annotation that the installer asks for.
func (r *removing) agreed() string {
	var out []string
	if r.members {
		out = append(out, "members")
	}
	if r.crds {
		out = append(out, "crds")
	}
	return strings.Join(out, ",")
}

// consent writes on the object what was agreed to, before it is deleted.
func (a *app) consent(ctx context.Context, c client.Client, obj client.Object, r *removing) error {
	before, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		return errors.New("it cannot be copied")
	}
	if agreed := r.agreed(); agreed != "" {
		annotate(obj, v1alpha1.AnnotationUninstall, agreed)
	}
	if r.native > 0 {
		annotate(obj, mesh.AnnotationConfirmPrune, strconv.Itoa(r.native))
	}
	return client.IgnoreNotFound(c.Patch(ctx, obj, client.MergeFrom(before)))
}

// nativeIn counts the native objects of a mesh.
func (a *app) nativeIn(ctx context.Context, c client.Client, obj client.Object) ([]string, error) {
	if _, ok := obj.(*v1alpha1.Mesh); !ok {
		return nil, nil
	}
	live, err := handover.Live(ctx, c, a.nativeKinds())
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range live {
		if key, ok := ir.ParseKey(o.GetAnnotations()[engine.AnnotationUnit]); ok && key.Mesh == obj.GetName() {
			out = append(out, o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
		}
	}
	return out, nil
}

// dependents are the namespaces in a mesh, and the IngressGateways that need
// the mesh or the ingress controller.
func (a *app) dependents(ctx context.Context, c client.Client, obj client.Object) (members, gateways []string, err error) {
	all := &v1alpha1.IngressGatewayList{}
	if err := c.List(ctx, all); err != nil {
		return nil, nil, fmt.Errorf("list IngressGateways: %w", err)
	}
	_, isMesh := obj.(*v1alpha1.Mesh)
	for i := range all.Items {
		g := &all.Items[i]
		paired := isMesh && g.Spec.MeshRef != nil && string(g.Spec.MeshRef.Name) == obj.GetName()
		if paired || !isMesh && string(g.Spec.ControllerRef.Name) == obj.GetName() {
			gateways = append(gateways, g.Namespace+"/"+g.Name)
		}
	}
	if isMesh {
		inside := &corev1.NamespaceList{}
		if err := c.List(ctx, inside, client.MatchingLabels{v1alpha1.LabelMesh: obj.GetName()}); err != nil {
			return nil, nil, fmt.Errorf("list members: %w", err)
		}
		for i := range inside.Items {
			members = append(members, inside.Items[i].Name)
		}
	}
	slices.Sort(members)
	slices.Sort(gateways)
	return members, gateways, nil
}

// awaitGone shows how an object goes.
func (a *app) awaitGone(ctx context.Context, c client.Client, obj client.Object, timeout time.Duration) error {
	what := described(obj)
	show := a.progress()
	defer show.end()
	last := ""
	err := poll(ctx, timeout, func(ctx context.Context) error {
		err := c.Get(ctx, client.ObjectKeyFromObject(obj), obj)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			show.say(what + " is gone")
			return errEnded
		}
		if last = "waiting for the installer"; err != nil {
			last = "the cluster does not answer: " + err.Error()
		} else if status, _, _ := installedStatus(obj); status.Install != nil {
			for _, name := range []v1alpha1.ConditionType{v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling} {
				if c := present(status.Install.Conditions, name); c != nil {
					last = because(c)
					break
				}
			}
		}
		show.say(what + ": " + last)
		return nil
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s is not gone after %s: %s; finalizers: %s", what, timeout, last, strings.Join(obj.GetFinalizers(), ", "))
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; the cluster goes on with it: %s is being deleted", kinds.RefOf(obj))
	}
	return err
}
