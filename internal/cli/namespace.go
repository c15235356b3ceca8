package cli

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/internal/occupants"
	"github.com/meshloom/meshloom/internal/selfinstall"
)

// leaveNamespace deletes the namespace of Meshloom, if meshctl made it and
// nobody else has anything in it, and returns what was deleted. The leases of
// processes that are gone are nobody's.
func (a *app) leaveNamespace(ctx context.Context, c client.Client) ([]client.Object, error) {
	ns := &corev1.Namespace{}
	if err := c.Get(ctx, client.ObjectKey{Name: chart.Namespace}, ns); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if !selfinstall.Made(ns) || ns.DeletionTimestamp != nil {
		return nil, nil
	}
	others, err := a.occupants(ctx, c, ns.Name)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		a.note("Namespace %s stays, as others have %s in it", ns.Name, strings.Join(others[:min(len(others), 3)], ", "))
		return nil, nil
	}
	uid := ns.UID
	if err := c.Delete(ctx, ns, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("delete namespace %s: %w", ns.Name, err)
	}
	a.note("Namespace %s is removed", ns.Name)
	return []client.Object{ns}, nil
}

// occupants names what is in the namespace that neither Meshloom nor a control
// plane made.
func (a *app) occupants(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	config, err := a.flags.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	info, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	managers := selfinstall.Managers()
	for i := range a.Providers {
		if p := a.Providers[i].Charts; p != nil {
			managers = append(managers, p.Managers...)
		}
	}
	return occupants.Look{From: c, Info: info, Managers: managers}.In(ctx, namespace)
}
