package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// adoptingIngress is what adopt ingress was asked for.
type adoptingIngress struct {
	change

	provider, namespace, class, version string
	managed                             bool
}

func (a *app) adoptIngress() *cobra.Command {
	ad := &adoptingIngress{}
	cmd := &cobra.Command{
		Use:   "ingress NAME",
		Short: "Use an ingress that runs already; with --managed, take it over",
		Long: `Adopt writes an IngressController with mode Adopted for an ingress that somebody
else installed. Nothing of what runs is touched. With --managed an Adopted one
becomes Managed, in the version that --version names.`,
		Example: `  meshctl adopt ingress public --provider istio
  meshctl adopt ingress public --managed --version 1.31`,
		Args: oneName,
		RunE: func(cmd *cobra.Command, args []string) error {
			if ad.managed {
				return a.takeOverIngress(cmd.Context(), args[0], ad)
			}
			return a.adoptNewIngress(cmd.Context(), args[0], ad)
		},
	}
	f := cmd.Flags()
	f.StringVar(&ad.provider, "provider", "", "make of the ingress (meshctl capabilities lists them)")
	f.StringVar(&ad.namespace, "controller-namespace", "", "where it runs; default is the provider's usual one")
	f.StringVar(&ad.class, "gateway-class", "", "GatewayClass that it answers to; default is the provider's usual one")
	f.StringVar(&ad.version, "version", "", "with --managed: the version that runs")
	f.BoolVar(&ad.managed, "managed", false, "make an Adopted ingress Managed")
	ad.addFlags(f)
	return cmd
}

// adoptNewIngress writes an IngressController for what runs.
func (a *app) adoptNewIngress(ctx context.Context, name string, ad *adoptingIngress) error {
	p := a.provider(ad.provider)
	if p == nil || p.Ingress == nil {
		return usagef("--provider %q is not known, or is no ingress; meshctl capabilities lists them", ad.provider)
	}
	ic := &v1alpha1.IngressController{}
	ic.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindIngressController))
	ic.Name = name
	ic.Spec = v1alpha1.IngressControllerSpec{
		Provider: v1alpha1.IngressProvider(p.Name), Mode: v1alpha1.ModeAdopted,
		Namespace: v1alpha1.Namespace(ad.namespace), GatewayClassName: v1alpha1.ObjectName(ad.class),
	}
	return a.create(ctx, ic, &ad.change)
}

// takeOverIngress makes an Adopted ingress Managed.
func (a *app) takeOverIngress(ctx context.Context, name string, ad *adoptingIngress) error {
	if ad.version == "" {
		return usagef("--version is missing: name the version that runs")
	}
	c, obj, err := a.installed(ctx, "ingress", name)
	if err != nil {
		return err
	}
	ic, ok := obj.(*v1alpha1.IngressController)
	if !ok {
		return fmt.Errorf("read ingress %s: it is a %T", name, obj)
	}
	if ic.Spec.Mode == v1alpha1.ModeManaged {
		a.note("ingress %s is Managed already", name)
		return nil
	}
	next := ic.DeepCopy()
	next.Spec.Mode, next.Spec.Version = v1alpha1.ModeManaged, ad.version
	annotate(next, v1alpha1.AnnotationAdopt, a.namespaceOf(ic))
	return a.turn(ctx, c, turning{old: ic, next: next, change: &ad.change, question: "Have Meshloom manage it?"})
}
