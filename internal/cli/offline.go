package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// source is where the objects of translate, validate and diff come from, and
// for what they are translated.
type source struct {
	files          []string
	mesh, ingress  string
	meshVersion    string
	ingressVersion string
	gatewayAPI     string
	facts          []string
}

func (s *source) addFlags(f *pflag.FlagSet, providers []translators.Provider) {
	f.StringSliceVarP(&s.files, "filename", "f", nil, "file or folder of manifests, or - for standard input (repeatable)")
	f.StringVar(&s.mesh, "mesh", "", "translate for this mesh instead of the one that the Mesh objects name (meshctl capabilities lists them)")
	f.StringVar(&s.ingress, "ingress", "", "translate for this ingress instead of the one that the IngressController objects name")
	f.StringVar(&s.meshVersion, "mesh-version", "", "version of the mesh; if unset, the one in the Mesh's status, else the newest supported one")
	f.StringVar(&s.ingressVersion, "ingress-version", "", "version of the ingress; if unset, the one in the IngressController's status, else the newest supported one")
	f.StringVar(&s.gatewayAPI, "gateway-api", "", "bundle of the Gateway API in the cluster, as VERSION or VERSION/CHANNEL, such as 1.5.1/experimental; the channel is standard if unset")
	f.StringArrayVar(&s.facts, "fact", nil, "what else there is to know of the mesh, as NAME=VALUE (repeatable): "+factNames(providers))
}

// choice is a provider and one of its variants.
type choice struct {
	provider *translators.Provider
	variant  translators.Variant
}

// choose finds what --mesh or --ingress names: a variant, or a provider in
// lower case, whose first variant is meant.
func (a *app) choose(flag, value string, mesh bool) (*choice, error) {
	if value == "" {
		return nil, nil
	}
	var known []string
	for i := range a.Providers {
		p := &a.Providers[i]
		for _, v := range p.Variants {
			if v.Mesh != mesh {
				continue
			}
			if value == v.Name || value == strings.ToLower(p.Name) {
				return &choice{provider: p, variant: v}, nil
			}
			known = append(known, v.Name)
		}
	}
	slices.Sort(known)
	return nil, usagef("--%s %q is not known; it can be %s", flag, value, strings.Join(known, ", "))
}

// load reads the files and makes an engine over them alone.
func (a *app) load(s *source) (*engine.Engine, error) {
	if len(s.files) == 0 {
		return nil, usagef("-f is missing: name a file or folder of manifests, or - for standard input")
	}
	namespace := ""
	if a.flags.Namespace != nil {
		namespace = *a.flags.Namespace
	}
	set, err := manifest.Reader{Stdin: a.In, Namespace: namespace}.Read(s.files...)
	if err != nil {
		return nil, err
	}
	objects := make([]client.Object, 0, len(set.Objects))
	for _, o := range set.Objects {
		objects = append(objects, o.Object)
	}
	return a.engine(s, withNamespaces(objects))
}

// withNamespaces adds the namespaces that objects live in and that no file
// has: a folder of manifests need not repeat what the cluster has anyway.
func withNamespaces(objects []client.Object) []client.Object {
	have := map[string]bool{"": true}
	for _, obj := range objects {
		if obj.GetObjectKind().GroupVersionKind().Kind == "Namespace" {
			have[obj.GetName()] = true
		}
	}
	out := slices.Clone(objects)
	for _, obj := range objects {
		name := obj.GetNamespace()
		if have[name] {
			continue
		}
		have[name] = true
		ns := &corev1.Namespace{}
		ns.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		ns.Name = name
		out = append(out, ns)
	}
	return out
}

// engine makes an engine over objects, with the flags of s applied.
func (a *app) engine(s *source, objects []client.Object) (*engine.Engine, error) {
	mesh, err := a.choose("mesh", s.mesh, true)
	if err != nil {
		return nil, err
	}
	ingress, err := a.choose("ingress", s.ingress, false)
	if err != nil {
		return nil, err
	}
	given, err := a.given(s, mesh, ingress)
	if err != nil {
		return nil, err
	}
	store := resolve.NewStore(engine.StoreOptions(a.Providers))
	for _, obj := range withProviders(objects, mesh, ingress) {
		store.Upsert(labelled(obj))
	}
	cfg := engine.Config{Store: store, Providers: a.Providers}
	observed := engine.New(cfg)
	cfg.MeshEnv = func(m ir.Mesh) translators.Env { return given.mesh(m, observed.MeshEnv(m)) }
	cfg.ControllerEnv = func(c ir.Controller) translators.Env { return given.controller(observed.ControllerEnv(c)) }
	return engine.New(cfg), nil
}

// labelled returns a Namespace with the label that every API server gives it,
// which manifests leave out and selectors look for; other objects as they are.
func labelled(obj client.Object) client.Object {
	ns, ok := obj.(*corev1.Namespace)
	if !ok || ns.Labels[corev1.LabelMetadataName] == ns.Name {
		return obj
	}
	ns = ns.DeepCopy()
	if ns.Labels == nil {
		ns.Labels = map[string]string{}
	}
	ns.Labels[corev1.LabelMetadataName] = ns.Name
	return ns
}

// withProviders returns the objects with every Mesh and IngressController
// moved to the chosen providers. Where there is no Mesh, one is made that every
// namespace is a member of.
func withProviders(objects []client.Object, mesh, ingress *choice) []client.Object {
	out := make([]client.Object, 0, len(objects)+1)
	found := false
	for _, obj := range objects {
		switch o := obj.(type) {
		case *v1alpha1.Mesh:
			found = true
			if mesh != nil {
				o = o.DeepCopy()
				o.Spec.Provider, o.Spec.DataPlane = v1alpha1.MeshProvider(mesh.provider.Name), v1alpha1.DataPlaneMode(mesh.variant.DataPlane)
			}
			out = append(out, o)
		case *v1alpha1.IngressController:
			if ingress != nil {
				o = o.DeepCopy()
				o.Spec.Provider = v1alpha1.IngressProvider(ingress.provider.Name)
			}
			out = append(out, o)
		default:
			out = append(out, obj)
		}
	}
	if !found && mesh != nil {
		out = append(out, defaultMesh(mesh))
	}
	return out
}

func defaultMesh(mesh *choice) *v1alpha1.Mesh {
	m := &v1alpha1.Mesh{}
	m.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindMesh))
	m.Name = mesh.variant.Name
	m.Spec = v1alpha1.MeshSpec{
		Provider: v1alpha1.MeshProvider(mesh.provider.Name), Mode: v1alpha1.ModeAdopted,
		DataPlane: v1alpha1.DataPlaneMode(mesh.variant.DataPlane),
		Members:   &v1alpha1.MeshMembers{NamespaceSelector: &metav1.LabelSelector{}},
	}
	return m
}

// findings are the issues of a whole set of outputs, sorted, and whether any
// object was rejected or closed.
func findings(e *engine.Engine, outputs []engine.Output) (issues []ir.Issue, rejected bool) {
	for _, out := range outputs {
		issues = append(issues, out.Issues...)
	}
	for _, kind := range []string{
		v1alpha1.KindMesh, v1alpha1.KindIngressController, v1alpha1.KindIngressGateway, v1alpha1.KindTrafficSplit,
		v1alpha1.KindGatewayRoute, v1alpha1.KindTrafficPolicy, v1alpha1.KindAccessPolicy, v1alpha1.KindExternalService,
	} {
		for _, ref := range e.Store().Refs(kind) {
			_, more := e.Store().Check(ref)
			issues = append(issues, more...)
		}
	}
	issues = ir.SortIssues(issues)
	for _, issue := range issues {
		switch issue.Effect {
		case ir.EffectRejected, ir.EffectClosed, ir.EffectUnresolved:
			rejected = true
		case ir.EffectWithheld, ir.EffectPartial, ir.EffectNote:
		}
	}
	return issues, rejected
}

// formatIssue returns an issue as one line for a person.
func formatIssue(issue ir.Issue) string {
	where := issue.Source.String()
	if issue.Source.Field != "" {
		where += " " + issue.Source.Field
	}
	code := issue.Code
	if code != "" {
		code = " (" + code + ")"
	}
	return fmt.Sprintf("%s: %s: %s: %s%s", strings.ToLower(string(issue.Effect)), where, issue.Reason, issue.Message, code)
}
