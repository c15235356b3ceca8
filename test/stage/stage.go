// Package stage sets up what the end-to-end tests and the demo need around a
// cluster: a real Istio with its gateway, applications with real sidecars, and
// Meshloom's operator in a pod. It is used from test code alone.
package stage

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/images"
	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/lab"
)

// Stage is a lab with what Meshloom needs on it.
type Stage struct {
	*lab.Lab
	// API reads and writes objects by the types of the unified API and of
	// Kubernetes.
	API client.Client

	// images is the folder of image archives, and operator names the archive
	// of the operator that was loaded.
	images, operator string
	progress         io.Writer
}

// Open takes the cluster, or brings one up. Progress gets a line for each long
// step.
func Open(ctx context.Context, o lab.Options) (*Stage, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	l, err := lab.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	// Waiting polls often, and several waits run side by side.
	l.Config.QPS, l.Config.Burst = 100, 200
	api, err := client.New(l.Config, client.Options{Scheme: kinds.Scheme()})
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, fmt.Errorf("find cache folder: %w", err)
	}
	return &Stage{Lab: l, API: api, images: filepath.Join(cache, "meshloom", "images"), progress: o.Progress}, nil
}

// Close ends a cluster of this project's own and removes all of it. It does
// nothing to others.
func (s *Stage) Close(ctx context.Context) error {
	if s.Local == nil {
		return nil
	}
	return local.Down(ctx, s.Local.Name())
}

// LoadBookinfo puts the image of Bookinfo on the cluster.
func (s *Stage) LoadBookinfo(ctx context.Context) error { return s.load(ctx, images.Bookinfo) }

// LoadEcho puts the image of the echo server and load client on the cluster.
func (s *Stage) LoadEcho(ctx context.Context) error { return s.load(ctx, images.Load) }

func (s *Stage) load(ctx context.Context, build ...func(context.Context, string) (string, error)) error {
	for _, b := range build {
		archive, err := b(ctx, s.images)
		if err != nil {
			return err
		}
		if s.Local == nil {
			fmt.Fprintf(s.progress, "the nodes need the image in %s\n", archive)
		}
		if err := s.LoadImages(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

// InstallIstio builds Istio where it is not built yet, and installs its
// control plane.
func (s *Stage) InstallIstio(ctx context.Context) error {
	withProgress := func(build func(context.Context, string, io.Writer) (string, error)) func(context.Context, string) (string, error) {
		return func(ctx context.Context, dir string) (string, error) { return build(ctx, dir, s.progress) }
	}
	if err := s.load(ctx, withProgress(images.Pilot), withProgress(images.Proxy)); err != nil {
		return err
	}
	installer, err := s.installer(ctx)
	if err != nil {
		return err
	}
	return installer.Install(ctx, nil)
}

// HasIstio says whether a control plane runs where ours would be installed.
func (s *Stage) HasIstio(ctx context.Context) (bool, error) {
	err := s.API.Get(ctx, client.ObjectKey{Namespace: istio.Namespace, Name: "istiod"}, new(appsv1.Deployment))
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("look for istiod: %w", err)
	}
	return err == nil, nil
}

// InstallGateway installs Istio's gateway chart under the name of an
// IngressGateway, which makes it that one's workload.
func (s *Stage) InstallGateway(ctx context.Context, gateway client.ObjectKey) error {
	installer, err := s.installer(ctx)
	if err != nil {
		return err
	}
	return installer.InstallGateway(ctx, istio.Gateway{Name: gateway.Name, Namespace: gateway.Namespace})
}

func (s *Stage) installer(ctx context.Context) (*istio.Installer, error) {
	return istio.New(ctx, istio.Cluster{Kubeconfig: s.Kubeconfig, Context: s.Context}, s.progress)
}
