package stage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/charts"
	"github.com/meshloom/meshloom/test/images"
	"github.com/meshloom/meshloom/test/lab"
)

// Said is what meshctl said, and the code that it ended with.
type Said struct {
	Out, Err string
	Code     int
}

// Meshctl runs this repository's meshctl on the cluster, as a user would: its
// own process, without a terminal. An error means that it could not be run.
func (s *Stage) Meshctl(ctx context.Context, args ...string) (*Said, error) {
	program, err := s.buildMeshctl(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	err = cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return nil, fmt.Errorf("run meshctl: %w", err)
	}
	return &Said{Out: out.String(), Err: complaint.String(), Code: cmd.ProcessState.ExitCode()}, nil
}

// MustMeshctl is Meshctl where another code than 0 is an error.
func (s *Stage) MustMeshctl(ctx context.Context, args ...string) (string, error) {
	said, err := s.Meshctl(ctx, args...)
	if err != nil {
		return "", err
	}
	if said.Code != 0 {
		return said.Out, fmt.Errorf("run meshctl %s: code %d: %s%s", strings.Join(args, " "), said.Code, said.Out, said.Err)
	}
	return said.Out, nil
}

// buildMeshctl builds it once for this process.
func (s *Stage) buildMeshctl(ctx context.Context) (string, error) {
	s.meshctlOnce.Do(func() {
		var root string
		if root, s.meshctlError = binaries.Repository(); s.meshctlError == nil {
			s.meshctl = filepath.Join(root, ".work", "meshctl")
			s.meshctlError = Build(ctx, "./cmd/meshctl", s.meshctl)
		}
	})
	return s.meshctl, s.meshctlError
}

// LoadProduct puts on the cluster all images that Meshloom, the given versions
// of Istio and the applications of tests need.
func (s *Stage) LoadProduct(ctx context.Context, versions ...string) error {
	if err := s.LoadOperator(ctx); err != nil {
		return err
	}
	cache, err := lab.ImageCache()
	if err != nil {
		return err
	}
	var archives []string
	for _, version := range versions {
		paths, err := images.Istio(ctx, version, cache, s.progress)
		if err != nil {
			return err
		}
		archives = append(archives, paths...)
	}
	for _, build := range []func(context.Context, string) (string, error){images.Bookinfo, images.Load, images.Charts} {
		path, err := build(ctx, cache)
		if err != nil {
			return err
		}
		archives = append(archives, path)
	}
	return s.LoadImages(ctx, archives...)
}

// ProductFlags have meshctl install the images that LoadProduct has loaded.
func ProductFlags() []string {
	return []string{
		"--image=" + images.OperatorName,
		"--set=operator.resources.requests.cpu=10m", "--set=installer.resources.requests.cpu=10m",
	}
}

// InstallProduct installs Meshloom with meshctl and returns when it is ready.
func (s *Stage) InstallProduct(ctx context.Context) error {
	_, err := s.MustMeshctl(ctx, append([]string{"install", "-y", "--timeout=3m", "--set=installer.extraArgs={--install-timeout=90s}"}, ProductFlags()...)...)
	return err
}

// ServeCharts runs the server of Istio's charts on the cluster.
func (s *Stage) ServeCharts(ctx context.Context) error {
	if err := s.Apply(ctx, charts.Manifests); err != nil {
		return err
	}
	return s.AwaitDeployments(ctx, charts.Namespace)
}

// AwaitMember returns when a namespace has the marks of its mesh, so that new
// pods get a proxy.
func (s *Stage) AwaitMember(ctx context.Context, namespace string) error {
	n := new(corev1.Namespace)
	err := Until(ctx, func(ctx context.Context) (bool, error) {
		err := s.API.Get(ctx, client.ObjectKey{Name: namespace}, n)
		return n.Labels[v1alpha1.LabelMesh] != "" && (n.Labels["istio.io/rev"] != "" || n.Labels["istio-injection"] != ""), err
	})
	if err != nil {
		return fmt.Errorf("wait until namespace %s has the marks of its mesh, beside %v: %w", namespace, n.Labels, err)
	}
	return nil
}
