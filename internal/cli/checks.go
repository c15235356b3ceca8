package cli

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/internal/checkup"
	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/internal/selfinstall"
)

// processes are the Deployments of Meshloom and their leases.
var processes = []checkup.Process{
	{Deployment: chart.Operator, Lease: "operator.meshloom.io"},
	{Deployment: chart.Installer, Lease: "installer.meshloom.io", Optional: true},
}

// checkBefore looks at a cluster that Meshloom is to be installed into.
func (a *app) checkBefore(ctx context.Context) ([]checkup.Check, error) {
	w, err := selfinstall.Work("", nil)
	if err != nil {
		return nil, err
	}
	objects, err := selfinstall.Objects(ctx, w)
	if err != nil {
		return nil, err
	}
	oldest, err := selfinstall.Oldest()
	if err != nil {
		return nil, err
	}
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	cluster, _, err := a.lookAround(ctx, c)
	if err != nil {
		return nil, err
	}
	known, err := a.knownPlaces(ctx, c)
	if err != nil {
		return nil, err
	}
	names, err := definitionNames()
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		[]checkup.Check{checkup.Kubernetes(cluster, oldest)},
		checkup.Rights(ctx, c, objects, chart.Namespace),
		checkup.Owners(ctx, c, names),
		checkup.Meshes(cluster, a.Providers, known),
		checkup.Webhooks(cluster),
		checkup.Namespaces(ctx, c),
	), nil
}

// definitionNames are the names of the CRDs of the unified API.
func definitionNames() ([]string, error) {
	definitions, err := kinds.Definitions()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = d.Name
	}
	return names, nil
}

// knownPlaces are where Meshes say that control planes are, as
// "Provider/namespace".
func (a *app) knownPlaces(ctx context.Context, c client.Client) ([]string, error) {
	meshes, err := list(ctx, c, kindOf("mesh"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, obj := range meshes {
		if mesh, ok := obj.(*v1alpha1.Mesh); ok {
			out = append(out, string(mesh.Spec.Provider)+"/"+a.namespaceOf(mesh))
		}
	}
	return out, nil
}

// checkAfter looks at a cluster that has Meshloom.
func (a *app) checkAfter(ctx context.Context) ([]checkup.Check, error) {
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	names, err := definitionNames()
	if err != nil {
		return nil, err
	}
	cluster, engine, err := a.lookAround(ctx, c)
	if err != nil {
		return nil, err
	}
	namespace, err := selfNamespace(ctx, c, engine)
	if err != nil {
		return nil, err
	}
	out := checkup.Processes(ctx, c, checkup.Place{Namespace: namespace, Now: a.now()}, processes)
	out = append(out, checkup.Definitions(ctx, c, names)...)
	for _, word := range []string{"mesh", "ingress"} {
		objects, err := list(ctx, c, kindOf(word))
		if err != nil {
			return nil, err
		}
		for _, obj := range objects {
			seen, err := a.checkInstalled(ctx, c, installedIn{cluster, engine, obj})
			if err != nil {
				return nil, err
			}
			out = append(out, seen.Check(a.now())...)
		}
	}
	return append(out, checkup.Webhooks(cluster)...), nil
}

// selfNamespace is where Meshloom runs, or would.
func selfNamespace(ctx context.Context, c client.Client, engine *helm.Engine) (string, error) {
	found, err := selfinstall.Look(ctx, c, engine)
	if err != nil || found == nil {
		return chart.Namespace, err
	}
	return found.Namespace, nil
}

// installedIn is a Mesh or an IngressController in its cluster.
type installedIn struct {
	cluster install.Cluster
	engine  *helm.Engine
	object  client.Object
}

// checkInstalled sees what can be said of one mesh or ingress.
func (a *app) checkInstalled(ctx context.Context, c client.Client, in installedIn) (checkup.Installed, error) {
	status, mode, _ := installedStatus(in.object)
	out := checkup.Installed{Name: described(in.object), Generation: in.object.GetGeneration(), Mode: mode, Status: *status}
	if mode == v1alpha1.ModeManaged {
		ref := kinds.RefOf(in.object)
		out.Drift = []string{}
		for _, r := range in.cluster.Releases {
			if !install.SameOwner(r.Owner, ref.Kind+"/"+ref.Name) {
				continue
			}
			changes, err := in.engine.Drift(ctx, r.Namespace, r.Name)
			if err != nil {
				return out, err
			}
			for _, change := range changes {
				out.Drift = append(out.Drift, change.String())
			}
		}
	}
	var err error
	if mesh, ok := in.object.(*v1alpha1.Mesh); ok {
		out.Proxies, err = a.proxies(ctx, c, mesh)
	}
	return out, err
}

// proxies counts the pods of a mesh's members by the version of their proxy.
func (a *app) proxies(ctx context.Context, c client.Client, mesh *v1alpha1.Mesh) (map[string]int, error) {
	p := a.provider(string(mesh.Spec.Provider))
	if p == nil || p.Charts == nil || p.Charts.ProxyOf == nil {
		return nil, nil
	}
	members := &corev1.NamespaceList{}
	if err := c.List(ctx, members, client.MatchingLabels{v1alpha1.LabelMesh: mesh.Name}); err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	out := map[string]int{}
	for i := range members.Items {
		pods := &corev1.PodList{}
		if err := c.List(ctx, pods, client.InNamespace(members.Items[i].Name)); err != nil {
			return nil, fmt.Errorf("list pods: %w", err)
		}
		for j := range pods.Items {
			if proxy, ok := p.Charts.ProxyOf(podOf(&pods.Items[j])); ok {
				out[proxy.Version]++
			}
		}
	}
	return out, nil
}

// podOf is what is read of a pod to know its proxy.
func podOf(pod *corev1.Pod) install.Pod {
	out := install.Pod{Labels: pod.Labels, Annotations: pod.Annotations}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range containers {
			out.Containers = append(out.Containers, install.Container{Name: containers[i].Name, Image: containers[i].Image})
		}
	}
	return out
}
