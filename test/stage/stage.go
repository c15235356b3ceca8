// Package stage sets up what the end-to-end tests and the demo need around a
// cluster: a real Istio with its gateway, applications with real sidecars, and
// Meshloom's operator in a pod. It is used from test code alone.
package stage

import (
	"context"
	"fmt"
	"io"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/internal/kinds"
	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/lab"
)

// Stage is a lab with what Meshloom needs on it.
type Stage struct {
	*lab.Lab
	// API reads and writes objects by the types of the unified API and of
	// Kubernetes.
	API client.Client

	// operator names the archive of the operator that was loaded.
	operator string
	progress io.Writer

	meshctlOnce  sync.Once
	meshctl      string
	meshctlError error
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
	return &Stage{Lab: l, API: api, progress: o.Progress}, nil
}

// Close ends a cluster of this project's own and removes all of it. It does
// nothing to others.
func (s *Stage) Close(ctx context.Context) error {
	if s.Local == nil {
		return nil
	}
	return local.Down(ctx, s.Local.Name())
}

// InstallIstio installs the control plane and the gateways, each of which is
// the workload of the IngressGateway of its name, with the images of all
// applications. On a cluster of somebody else's a control plane that runs is
// left as it is.
func (s *Stage) InstallIstio(ctx context.Context, gateways ...istio.Gateway) error {
	if s.Local == nil {
		running, err := s.HasIstio(ctx)
		if err != nil {
			return err
		}
		if running {
			fmt.Fprintln(s.progress, "istiod runs already and is left as it is")
			return s.installGateways(ctx, gateways)
		}
	}
	_, err := s.Lab.InstallIstio(ctx, gateways...)
	return err
}

// HasIstio says whether a control plane of the usual name runs.
func (s *Stage) HasIstio(ctx context.Context) (bool, error) {
	err := s.API.Get(ctx, client.ObjectKey{Namespace: istio.Namespace, Name: "istiod"}, new(appsv1.Deployment))
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("look for istiod: %w", err)
	}
	return err == nil, nil
}

func (s *Stage) installGateways(ctx context.Context, gateways []istio.Gateway) error {
	installer, err := istio.New(ctx, istio.Cluster{Kubeconfig: s.Kubeconfig, Context: s.Context}, s.progress)
	if err != nil {
		return err
	}
	for _, g := range gateways {
		if err := installer.InstallGateway(ctx, g); err != nil {
			return err
		}
	}
	return nil
}
