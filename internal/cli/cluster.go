package cli

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/kinds"
)

// client returns a client for the cluster that the flags name. It reads every
// kind of kinds.Scheme typed, and all others as unstructured.
func (a *app) client() (client.Client, error) {
	config, err := a.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS, config.Burst = 100, 200
	c, err := client.New(config, client.Options{Scheme: kinds.Scheme()})
	if err != nil {
		return nil, fmt.Errorf("connect to the cluster: %w", err)
	}
	return c, nil
}

// namespace returns the namespace of the flags or of the context.
func (a *app) namespace() (string, error) {
	namespace, _, err := a.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("read kubeconfig: %w", err)
	}
	return namespace, nil
}

// list returns all objects of a kind; none where the cluster does not have it.
func list(ctx context.Context, c client.Client, gvk schema.GroupVersionKind, opts ...client.ListOption) ([]client.Object, error) {
	obj, err := kinds.Scheme().New(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
	}
	items, ok := obj.(client.ObjectList)
	if !ok {
		return nil, fmt.Errorf("list %s: it has no list type", gvk.Kind)
	}
	if err := c.List(ctx, items, opts...); err != nil {
		if meta.IsNoMatchError(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
	}
	objects, err := meta.ExtractList(items)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
	}
	out := make([]client.Object, 0, len(objects))
	for _, item := range objects {
		if o, ok := item.(client.Object); ok {
			o.GetObjectKind().SetGroupVersionKind(gvk)
			out = append(out, o)
		}
	}
	return out, nil
}
