package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/difference"
	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/manifest"
	"github.com/meshloom/meshloom/internal/render"
)

func (a *app) diff() *cobra.Command {
	s, against := &source{}, &source{}
	cmd := &cobra.Command{
		Use:   "diff -f FILE [--against FILE]",
		Short: "Show how native objects would change",
		Long: `Diff shows what applying manifests would change in the native objects: against
the cluster, whose other objects count as they are, or with --against against
other manifests, such as the main branch of a repository, without a cluster.

Exit codes: 0 no difference and nothing rejected; 1 a difference or something
rejected; 2 it could not be done.`,
		Example: `  # what would change in the cluster
  meshctl diff -f apps/

  # what a pull request changes, without a cluster
  meshctl diff -f pr/apps --against main/apps --mesh istio`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			want, have, rejected, err := a.sides(cmd.Context(), s, against)
			if err != nil {
				return err
			}
			changed, err := difference.Print(a.Out, have, want)
			if err == nil && (changed || rejected) {
				err = errFound
			}
			return err
		},
	}
	s.addFlags(cmd.Flags(), a.Providers)
	cmd.Flags().StringSliceVar(&against.files, "against", nil, "compare with these manifests instead of the cluster (repeatable)")
	return cmd
}

// sides returns the documents that are wanted and those that are there.
func (a *app) sides(ctx context.Context, s, against *source) (want, have []render.Doc, rejected bool, err error) {
	if len(against.files) > 0 {
		files := against.files
		*against = *s
		against.files = files
		e, err := a.load(against)
		if err != nil {
			return nil, nil, false, fmt.Errorf("read --against: %w", err)
		}
		have, _ = render.Docs(e.ComputeAll())
		if e, err = a.load(s); err != nil {
			return nil, nil, false, err
		}
		want, rejected = a.rendered(e, e.ComputeAll())
		return want, have, rejected, nil
	}
	return a.liveSides(ctx, s)
}

// liveSides computes the cluster's objects with the files laid over them, and
// reads what is there of the same objects and of the same units.
func (a *app) liveSides(ctx context.Context, s *source) (want, have []render.Doc, rejected bool, err error) {
	if len(s.files) == 0 {
		return nil, nil, false, usagef("-f is missing: name a file or folder of manifests, or - for standard input")
	}
	namespace, err := a.namespace()
	if err != nil {
		return nil, nil, false, err
	}
	set, err := manifest.Reader{Stdin: a.In, Namespace: namespace}.Read(s.files...)
	if err != nil {
		return nil, nil, false, err
	}
	c, err := a.client()
	if err != nil {
		return nil, nil, false, err
	}
	e, err := a.overlay(ctx, c, s, set)
	if err != nil {
		return nil, nil, false, err
	}
	outputs := touched(e, set)
	want, rejected = a.rendered(e, outputs)
	have, err = difference.Cluster{Client: c, Providers: a.Providers}.Live(ctx, outputs, want)
	return want, have, rejected, err
}

// readKinds are the kinds that Resolve reads from a cluster, besides the
// unified ones.
func readKinds() []schema.GroupVersionKind {
	return append(kinds.Unified(),
		corev1.SchemeGroupVersion.WithKind("Namespace"), corev1.SchemeGroupVersion.WithKind("Service"),
		corev1.SchemeGroupVersion.WithKind("Pod"), kinds.ReferenceGrant)
}

// overlay makes an engine over the cluster's objects with the files on top.
func (a *app) overlay(ctx context.Context, c client.Client, s *source, set *manifest.Set) (*engine.Engine, error) {
	objects := map[string]client.Object{}
	var order []string
	put := func(o client.Object) {
		id := o.GetObjectKind().GroupVersionKind().GroupKind().String() + "/" + o.GetNamespace() + "/" + o.GetName()
		if old, ok := objects[id]; ok {
			o.SetGeneration(old.GetGeneration() + 1)
			o.SetCreationTimestamp(old.GetCreationTimestamp())
		} else {
			order = append(order, id)
		}
		objects[id] = o
	}
	for _, gvk := range readKinds() {
		found, err := list(ctx, c, gvk)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			put(o)
		}
	}
	for _, o := range set.Objects {
		put(o.Object)
	}
	all := make([]client.Object, 0, len(order))
	for _, id := range order {
		all = append(all, objects[id])
	}
	return a.engine(s, all)
}

// touched computes the units in which any object of the files has a part.
func touched(e *engine.Engine, set *manifest.Set) []engine.Output {
	seen := map[string]bool{}
	var outputs []engine.Output
	for _, o := range set.Objects {
		for _, key := range e.Store().KeysOf(kinds.RefOf(o.Object)) {
			if !seen[key.String()] {
				seen[key.String()] = true
				outputs = append(outputs, e.Compute(key))
			}
		}
	}
	return outputs
}
