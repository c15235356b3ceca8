package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/controllers"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/envtest"
)

// hands is the number of requests that fill or empty the cluster at a time.
const hands = 16

// cluster is a real API server and the user's access to it.
type cluster struct {
	config *rest.Config
	client client.WithWatch
	server *envtest.Server
	// made is the number of services that there are.
	made int
}

// startCluster starts an API server that serves the unified API and the native
// kinds. The caller stops it.
func startCluster(ctx context.Context) (*cluster, error) {
	root, err := binaries.Repository()
	if err != nil {
		return nil, err
	}
	istio, err := binaries.ModuleDir(ctx, "istio", "istio.io/istio")
	if err != nil {
		return nil, err
	}
	native := filepath.Join(istio, "manifests", "charts", "base", "files", "crd-all.gen.yaml")
	server, err := envtest.New(ctx, filepath.Join(root, "apis", "v1alpha1", "crds"), native)
	if err != nil {
		return nil, err
	}
	scheme, err := controllers.Scheme()
	if err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	c, err := client.NewWithWatch(server.Config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make client: %w", err), server.Stop())
	}
	return &cluster{config: server.Config, client: c, server: server}, nil
}

// create creates the objects of n numbers from the first on, many at a time.
func (c *cluster) create(ctx context.Context, first, n int, objects func(int) []client.Object) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(hands)
	for i := first; i < first+n; i++ {
		work.Go(func() error {
			for _, obj := range objects(i) {
				if err := c.client.Create(ctx, obj); err != nil {
					return fmt.Errorf("create %T %s/%s: %w", obj, obj.GetNamespace(), obj.GetName(), err)
				}
			}
			return nil
		})
	}
	return work.Wait()
}

// prepare creates what there is once.
func (c *cluster) prepare(ctx context.Context) error {
	return c.create(ctx, 0, 1, func(int) []client.Object { return platform() })
}

// grow creates services until there are n.
func (c *cluster) grow(ctx context.Context, n int) error {
	first, last := (c.made+perSpace-1)/perSpace, (n+perSpace-1)/perSpace
	spaces := func(i int) []client.Object { return []client.Object{member(i * perSpace)} }
	if err := c.create(ctx, first, last-first, spaces); err != nil {
		return err
	}
	// The split comes last, so that there is one way to translate it.
	services := func(i int) []client.Object { return append(append(pods(i), service(i)), split(i, 75)) }
	if err := c.create(ctx, c.made, n-c.made, services); err != nil {
		return err
	}
	c.made = n
	return nil
}

// empty removes everything but the platform and the namespaces, which an API
// server without controllers cannot remove. It agrees beforehand to the loss of
// all native objects, as a person would have to.
func (c *cluster) empty(ctx context.Context) error {
	mesh := &v1alpha1.Mesh{}
	mesh.Name = meshName
	agree := []byte(`{"metadata":{"annotations":{"meshloom.io/confirm-prune":"1000000"}}}`)
	if err := c.client.Patch(ctx, mesh, client.RawPatch(types.MergePatchType, agree)); err != nil {
		return fmt.Errorf("agree to the loss of all: %w", err)
	}
	kinds := []client.Object{&v1alpha1.GatewayRoute{}, &v1alpha1.TrafficSplit{}, &corev1.Pod{}, &corev1.Service{}}
	for _, kind := range kinds {
		for n := 0; n < c.made; n += perSpace {
			err := c.client.DeleteAllOf(ctx, kind, client.InNamespace(spaceOf(n)), client.GracePeriodSeconds(0))
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("delete all %s of %s: %w", strings.TrimPrefix(fmt.Sprintf("%T", kind), "*"), spaceOf(n), err)
			}
		}
	}
	c.made = 0
	return nil
}
