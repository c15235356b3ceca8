package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/internal/render"
)

// errRefused ends a verb whose reasons are printed already.
var errRefused = errors.New("nothing was changed: see above")

// meshFlags are the flags that describe a new Mesh.
type meshFlags struct {
	managed

	provider, dataPlane, namespace string
	members, gateways              string
	mtls, access                   string
	trustDomain, rootSecret        string
}

func (m *meshFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&m.provider, "provider", "", "make of the mesh (meshctl capabilities lists them)")
	f.StringVar(&m.dataPlane, "data-plane", "", "Sidecar or Ambient; default is Sidecar")
	f.StringVar(&m.namespace, "control-plane-namespace", "", "where the control plane runs; default is the provider's usual one")
	f.StringVar(&m.members, "member-selector", "", "labels of the namespaces that are in the mesh, as mesh=shop")
	f.StringVar(&m.gateways, "allowed-gateways", "", "whose IngressGateways may join: All or None; default is None")
	f.StringVar(&m.mtls, "mtls", "", "Strict, Permissive or Disabled; default is Permissive")
	f.StringVar(&m.access, "default-access", "", "Allow or Deny what no AccessPolicy speaks of; default is Allow")
	f.StringVar(&m.trustDomain, "trust-domain", "", "first part of every identity; default is the provider's usual one")
	f.StringVar(&m.rootSecret, "root-secret", "", "Secret with the root certificate and its key; default is one that Meshloom makes and rotates")
	m.managed.addFlags(f)
}

func (a *app) installMesh() *cobra.Command {
	m, ch := &meshFlags{}, &change{}
	cmd := &cobra.Command{
		Use:   "mesh NAME --provider PROVIDER",
		Short: "Install a mesh: write a Managed Mesh and wait until it is ready",
		Long: `Install mesh looks at the cluster, shows what speaks against the installation
and every step of it, writes a Mesh with mode Managed, and waits until the
installer has made it so. The Mesh goes to stdout with --dry-run, to be kept in
Git instead; without a cluster the plan is that of an empty one.`,
		Example: `  meshctl install mesh shop --provider istio --version 1.31 --member-selector mesh=shop

  # the manifest and the plan, without a cluster
  meshctl install mesh shop --provider istio --dry-run`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			mesh, err := a.newMesh(m, args[0])
			if err != nil {
				return err
			}
			return a.create(cmd.Context(), mesh, ch)
		},
	}
	m.addFlags(cmd.Flags())
	ch.addFlags(cmd.Flags())
	return cmd
}

// oneName asks for the one argument of a verb.
func oneName(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("%s takes one name; see %s --help", cmd.CommandPath(), cmd.CommandPath())
	}
	return nil
}

// newMesh makes a Mesh of the flags.
func (a *app) newMesh(m *meshFlags, name string) (*v1alpha1.Mesh, error) {
	provider, err := a.installable(m.provider, true)
	if err != nil {
		return nil, err
	}
	mesh := &v1alpha1.Mesh{}
	mesh.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindMesh))
	mesh.Name = name
	spec := &mesh.Spec
	spec.Provider, spec.Mode, spec.Version = v1alpha1.MeshProvider(provider.Name), v1alpha1.ModeManaged, m.version
	spec.DataPlane = v1alpha1.DataPlaneMode(title(m.dataPlane, "Sidecar", "Ambient"))
	spec.ControlPlaneNamespace = v1alpha1.Namespace(m.namespace)
	members, err := selector("--member-selector", m.members)
	if err != nil {
		return nil, err
	}
	if members != nil {
		spec.Members = &v1alpha1.MeshMembers{NamespaceSelector: members}
	}
	if m.gateways != "" {
		from := v1alpha1.FromNamespaces(title(m.gateways, "All", "None"))
		spec.AllowedGateways = &v1alpha1.AllowedGateways{Namespaces: v1alpha1.NamespaceSelection{From: from}}
	}
	if m.mtls != "" {
		spec.MTLS = &v1alpha1.MeshMTLS{Mode: v1alpha1.MTLSMode(title(m.mtls, "Strict", "Permissive", "Disabled"))}
	}
	if m.access != "" {
		spec.Access = &v1alpha1.MeshAccess{Default: v1alpha1.DefaultAction(title(m.access, "Allow", "Deny"))}
	}
	if m.trustDomain != "" || m.rootSecret != "" {
		spec.Trust = &v1alpha1.MeshTrust{Domain: v1alpha1.PreciseHostname(m.trustDomain)}
	}
	if m.rootSecret != "" {
		spec.Trust.RootSecretRef = &v1alpha1.LocalObjectReference{Name: v1alpha1.ObjectName(m.rootSecret)}
	}
	spec.Upgrade = m.upgrade(nil)
	spec.Helm, err = a.helm(&m.managed, nil)
	return mesh, err
}

func (a *app) installIngress() *cobra.Command {
	m, ch, provider, namespace, class := &managed{}, &change{}, "", "", ""
	cmd := &cobra.Command{
		Use:     "ingress NAME --provider PROVIDER",
		Short:   "Install an ingress: write a Managed IngressController and wait until it is ready",
		Example: `  meshctl install ingress public --provider istio`,
		Args:    oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := a.installable(provider, false)
			if err != nil {
				return err
			}
			ic := &v1alpha1.IngressController{}
			ic.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIngressController))
			ic.Name = args[0]
			ic.Spec = v1alpha1.IngressControllerSpec{
				Provider: v1alpha1.IngressProvider(p.Name), Mode: v1alpha1.ModeManaged, Version: m.version,
				Namespace: v1alpha1.Namespace(namespace), GatewayClassName: v1alpha1.ObjectName(class), Upgrade: m.upgrade(nil),
			}
			if ic.Spec.Helm, err = a.helm(m, nil); err != nil {
				return err
			}
			return a.create(cmd.Context(), ic, ch)
		},
	}
	f := cmd.Flags()
	f.StringVar(&provider, "provider", "", "make of the ingress (meshctl capabilities lists them)")
	f.StringVar(&namespace, "controller-namespace", "", "where the controller runs; default is the provider's usual one")
	f.StringVar(&class, "gateway-class", "", "GatewayClass that the controller answers to; default is the provider's usual one")
	m.addFlags(f)
	ch.addFlags(f)
	return cmd
}

// create shows what will be done for a new object, asks, writes it and waits.
func (a *app) create(ctx context.Context, obj client.Object, ch *change) error {
	if err := a.validateNew(obj); err != nil {
		return err
	}
	if ch.dryRun == dryRunClient {
		if err := a.previewOffline(ctx, obj); err != nil {
			return err
		}
		return a.manifest(obj)
	}
	c, err := a.client()
	if err != nil {
		return err
	}
	if done, err := a.there(ctx, c, obj); done || err != nil {
		return err
	}
	if err := a.preview(ctx, c, obj, ch.dryRun != ""); err != nil {
		return err
	}
	if ch.dryRun == dryRunServer {
		if err := c.Create(ctx, obj.DeepCopyObject().(client.Object), client.DryRunAll); err != nil { //nolint:forcetypeassert // A copy has the type of its original.
			return fmt.Errorf("try to create %s: %w", described(obj), err)
		}
		return a.manifest(obj)
	}
	if err := a.agree(ctx, &ch.agreement, "Install it?"); err != nil {
		return err
	}
	what := described(obj)
	if err := c.Create(ctx, obj); err != nil {
		return fmt.Errorf("create %s: %w", what, err)
	}
	a.note("%s is written", what)
	return a.awaitIf(ctx, c, obj, ch)
}

// there says whether the object is in the cluster already as it is wanted. One
// that differs is refused, with the way to change it.
func (a *app) there(ctx context.Context, c client.Client, obj client.Object) (bool, error) {
	old, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		return false, nil
	}
	what := described(obj)
	err := c.Get(ctx, client.ObjectKeyFromObject(obj), old)
	switch {
	case meta.IsNoMatchError(err):
		return false, errors.New("the cluster does not have the Meshloom API: meshctl install")
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read %s: %w", what, err)
	case equality.Semantic.DeepEqual(specOf(old), specOf(obj)):
		status, _, _ := installedStatus(old)
		a.note("%s is installed already%s", what, atVersion(status.Version))
		return true, nil
	}
	return false, fmt.Errorf("%s is there already, and differs: change it with meshctl upgrade %s", what, what)
}

func atVersion(version string) string {
	if version == "" {
		return ""
	}
	return " at version " + version
}

// specOf returns the spec of an object as data.
func specOf(obj client.Object) any {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return nil
	}
	return content["spec"]
}

// validateNew refuses what an API server would refuse, before one is asked.
func (a *app) validateNew(obj client.Object) error {
	var buf bytes.Buffer
	if err := render.Stream(&buf, []render.Doc{{Object: written(obj)}}, "yaml"); err != nil {
		return err
	}
	_, err := manifest.Reader{Stdin: &buf}.Read(manifest.Stdin)
	return err
}

// manifest prints an object as it would be written.
func (a *app) manifest(obj client.Object) error {
	return render.Stream(a.Out, []render.Doc{{Object: written(obj)}}, "yaml")
}

// written returns what is written of an object: no status, and nothing that
// only a server fills in.
func written(obj client.Object) *unstructured.Unstructured {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return &unstructured.Unstructured{}
	}
	u := &unstructured.Unstructured{Object: content}
	if gvk, err := apiutil.GVKForObject(obj, scheme()); err == nil {
		u.SetGroupVersionKind(gvk) // an answer of the API server has forgotten it
	}
	unstructured.RemoveNestedField(content, "status")
	for _, field := range []string{"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"} {
		unstructured.RemoveNestedField(content, "metadata", field)
	}
	return u
}

// previewOffline shows the plan for a cluster of which nothing is known.
func (a *app) previewOffline(ctx context.Context, obj client.Object) error {
	mesh, ok := obj.(*v1alpha1.Mesh)
	if !ok {
		return nil
	}
	a.note("The plan for an empty cluster; --dry-run=server looks at yours.")
	s := &sight{
		planner: a.provider(string(mesh.Spec.Provider)).Charts,
		wanted:  install.Wanted{Name: mesh.Name, Generation: 1, Spec: mesh.Spec, Namespace: a.namespaceOf(mesh)},
		seen:    install.Seen{Now: a.now()},
	}
	return a.show(ctx, s, true)
}
