package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
)

// adopting is what adopt mesh was asked for.
type adopting struct {
	change

	provider, dataPlane, namespace string
	managed                        bool
	// unset are paths of values that are not taken over.
	unset       []string
	trustDomain string
}

func (a *app) adopt() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Use, or take over, what runs already",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.adoptMesh(), a.adoptIngress())
	return cmd
}

func (a *app) adoptMesh() *cobra.Command {
	ad := &adopting{}
	cmd := &cobra.Command{
		Use:   "mesh NAME",
		Short: "Use a mesh that runs already; with --managed, take it over",
		Long: `Adopt finds a mesh that somebody else installed and writes a Mesh with mode
Adopted for it. Nothing of what runs is touched, then or later, but for what the
Mesh's spec asks for.

With --managed an Adopted mesh becomes Managed: from then on Meshloom upgrades
it and keeps its values. It has to have been installed by Helm, in a version that
Meshloom knows. Its Helm releases are taken over with the values that they have;
where one of them is Meshloom's to set, the refusal names it, and --unset drops
it.`,
		Example: `  meshctl adopt mesh shop --provider istio

  # have Meshloom upgrade it from now on
  meshctl adopt mesh shop --managed --dry-run
  meshctl adopt mesh shop --managed`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			if ad.managed {
				return a.takeOver(cmd.Context(), c, args[0], ad)
			}
			return a.adoptFound(cmd.Context(), c, args[0], ad)
		},
	}
	f := cmd.Flags()
	f.StringVar(&ad.provider, "provider", "", "make of the mesh (meshctl capabilities lists them)")
	f.StringVar(&ad.namespace, "control-plane-namespace", "", "where it runs; needed where several do")
	f.StringVar(&ad.dataPlane, "data-plane", "", "Sidecar or Ambient; default is Sidecar")
	f.BoolVar(&ad.managed, "managed", false, "make an Adopted mesh Managed")
	f.StringSliceVar(&ad.unset, "unset", nil, "with --managed: chart value not to take over, as its `path` (repeatable)")
	f.StringVar(&ad.trustDomain, "trust-domain", "", "with --managed: the trust domain that the mesh has, where it is not the usual one")
	ad.addFlags(f)
	return cmd
}

// adoptFound writes a Mesh for the installation that is there.
func (a *app) adoptFound(ctx context.Context, c client.Client, name string, ad *adopting) error {
	provider, err := a.installable(ad.provider, true)
	if err != nil {
		return err
	}
	found, err := a.findInstallation(ctx, c, provider.Charts, ad.namespace)
	if err != nil {
		return err
	}
	mesh := &v1alpha1.Mesh{}
	mesh.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindMesh))
	mesh.Name = name
	mesh.Spec = v1alpha1.MeshSpec{
		Provider: v1alpha1.MeshProvider(provider.Name), Mode: v1alpha1.ModeAdopted,
		DataPlane:             v1alpha1.DataPlaneMode(title(ad.dataPlane, "Sidecar", "Ambient")),
		ControlPlaneNamespace: v1alpha1.Namespace(found.Namespace),
	}
	a.note("Found %s %s in namespace %s: %s", provider.Name, found.Version, found.Namespace, found.Evidence)
	if err := a.validateNew(mesh); err != nil {
		return err
	}
	if done, err := a.taken(ctx, c, mesh); done || err != nil {
		return err
	}
	if ad.dryRun != "" {
		return a.manifest(mesh)
	}
	if err := a.agree(ctx, &ad.agreement, "Write a Mesh for it? Nothing of it is changed."); err != nil {
		return err
	}
	if err := c.Create(ctx, mesh); err != nil {
		return fmt.Errorf("create mesh %s: %w", name, err)
	}
	a.note("mesh %s is written", name)
	return a.awaitIf(ctx, c, mesh, &ad.change)
}

// taken says whether the same Mesh is there already, and refuses a second Mesh
// for one control plane.
func (a *app) taken(ctx context.Context, c client.Client, mesh *v1alpha1.Mesh) (bool, error) {
	if done, err := a.there(ctx, c, mesh); done || err != nil {
		return done, err
	}
	all := &v1alpha1.MeshList{}
	if err := c.List(ctx, all); err != nil {
		return false, fmt.Errorf("list Meshes: %w", err)
	}
	for i := range all.Items {
		other := &all.Items[i]
		if other.Spec.Provider == mesh.Spec.Provider && a.namespaceOf(other) == a.namespaceOf(mesh) {
			return false, fmt.Errorf("mesh %s is that of namespace %s already", other.Name, a.namespaceOf(mesh))
		}
	}
	return false, nil
}

// findInstallation finds the one control plane that is meant.
func (a *app) findInstallation(ctx context.Context, c client.Client, planner *install.Planner, namespace string) (install.Installation, error) {
	cluster, _, err := a.lookAround(ctx, c)
	if err != nil {
		return install.Installation{}, err
	}
	return choosePlace(found(planner, cluster), namespace)
}

func found(planner *install.Planner, cluster install.Cluster) []install.Installation {
	if planner.Found == nil {
		return nil
	}
	return planner.Found(cluster)
}

// choosePlace returns the installation of a namespace, or of the only one that
// has any.
func choosePlace(all []install.Installation, namespace string) (install.Installation, error) {
	var places []string
	for _, i := range all {
		if !slices.Contains(places, i.Namespace) {
			places = append(places, i.Namespace)
		}
	}
	switch {
	case len(all) == 0:
		return install.Installation{}, errors.New("none runs in this cluster: meshctl install mesh installs one")
	case namespace == "" && len(places) > 1:
		return install.Installation{}, fmt.Errorf("several run, in namespaces %s: choose with --control-plane-namespace", strings.Join(places, ", "))
	case namespace == "":
		return all[0], nil
	}
	for _, i := range all {
		if i.Namespace == namespace {
			return i, nil
		}
	}
	return install.Installation{}, fmt.Errorf("none runs in namespace %s, but in %s", namespace, strings.Join(places, ", "))
}

// takeOver makes an Adopted mesh Managed.
func (a *app) takeOver(ctx context.Context, c client.Client, name string, ad *adopting) error {
	obj, err := a.one(ctx, c, kindOf("mesh"), name)
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("mesh %s is not there: adopt it first, without --managed", name)
	}
	if err != nil {
		return err
	}
	mesh, ok := obj.(*v1alpha1.Mesh)
	if !ok {
		return fmt.Errorf("read mesh %s: it is a %T", name, obj)
	}
	if mesh.Spec.Mode == v1alpha1.ModeManaged && mesh.Annotations[v1alpha1.AnnotationAdopt] == "" && mesh.Status.Install != nil {
		a.note("mesh %s is Managed already", name)
		return nil
	}
	next, err := a.asManaged(ctx, c, mesh, ad)
	if err != nil {
		return err
	}
	return a.turn(ctx, c, turning{old: mesh, next: next, change: &ad.change, question: "Have Meshloom manage it?"})
}

// asManaged returns the mesh as it shall be: what runs, in its exact version and
// with the values that it was installed with.
func (a *app) asManaged(ctx context.Context, c client.Client, mesh *v1alpha1.Mesh, ad *adopting) (*v1alpha1.Mesh, error) {
	p := a.provider(string(mesh.Spec.Provider))
	if p == nil || p.Charts == nil || p.Charts.Mesh == nil {
		return nil, fmt.Errorf("%s cannot be installed by Meshloom, so mesh %s stays Adopted", mesh.Spec.Provider, mesh.Name)
	}
	namespace := a.namespaceOf(mesh)
	cluster, engine, err := a.lookAround(ctx, c)
	if err != nil {
		return nil, err
	}
	here := slices.DeleteFunc(found(p.Charts, cluster), func(i install.Installation) bool { return i.Namespace != namespace })
	one, err := manageable(here, p.Charts.Catalog, namespace)
	if err != nil {
		return nil, err
	}
	a.note("Helm releases that are taken over: %s", strings.Join(one.Releases, ", "))
	next := mesh.DeepCopy()
	next.Spec.Mode, next.Spec.Version = v1alpha1.ModeManaged, one.Version
	if ad.trustDomain != "" {
		next.Spec.Trust = &v1alpha1.MeshTrust{Domain: v1alpha1.PreciseHostname(ad.trustDomain)}
	}
	annotate(next, v1alpha1.AnnotationAdopt, namespace)
	next.Spec.Helm, err = givenValues(ctx, engine, one, ad.unset)
	return next, err
}

// givenValues are the values that the releases of an installation were given,
// as a Mesh has them.
func givenValues(ctx context.Context, engine *helm.Engine, one install.Installation, unset []string) (*v1alpha1.Helm, error) {
	values := map[string]any{}
	for _, release := range one.Releases {
		given, err := engine.Values(ctx, namespaceOfRelease(release, one.Namespace), nameOfRelease(release))
		if err != nil {
			return nil, err
		}
		values = install.MergeValues(values, given)
	}
	for _, path := range unset {
		unstructured.RemoveNestedField(values, strings.Split(path, ".")...)
	}
	if len(values) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encode chart values: %w", err)
	}
	return &v1alpha1.Helm{Values: &runtime.RawExtension{Raw: raw}}, nil
}

// manageable returns the control plane that Meshloom can take over, or says why
// it cannot and what to do instead.
func manageable(here []install.Installation, catalog install.Catalog, namespace string) (install.Installation, error) {
	switch {
	case len(here) == 0:
		return install.Installation{}, fmt.Errorf("none runs in namespace %s", namespace)
	case len(here) > 1:
		var names []string
		for _, i := range here {
			names = append(names, strings.TrimSpace(i.Revision+" "+i.Version))
		}
		return install.Installation{}, fmt.Errorf("several control planes run in namespace %s (%s): end their upgrade first, so that one is left", namespace, strings.Join(names, ", "))
	}
	one := here[0]
	if len(one.Releases) == 0 {
		return install.Installation{}, fmt.Errorf("what runs in namespace %s was not installed by Helm (%s), so there are no releases to take over: "+
			"leave it Adopted, or install a second Mesh with meshctl install mesh and move its namespaces there", namespace, one.Evidence)
	}
	for _, v := range catalog.Versions {
		if v.Version == one.Version {
			return one, nil
		}
	}
	var known []string
	for _, v := range catalog.Versions {
		known = append(known, v.Version)
	}
	return install.Installation{}, fmt.Errorf("version %s is not one that Meshloom installs (%s): upgrade it to one of these the way you installed it, then take it over", one.Version, strings.Join(known, ", "))
}

// nameOfRelease and namespaceOfRelease read a release as "namespace/name" or
// "name".
func nameOfRelease(release string) string { return release[strings.LastIndex(release, "/")+1:] }

func namespaceOfRelease(release, otherwise string) string {
	if namespace, _, ok := strings.Cut(release, "/"); ok {
		return namespace
	}
	return otherwise
}
