package stage

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1/crds"
	"github.com/meshloom/meshloom/test/images"
	"github.com/meshloom/meshloom/test/lab"
)

// Operator is where the operator's Deployment is.
var Operator = client.ObjectKey{Namespace: "meshloom-system", Name: "meshloom-operator"}

//go:embed operator.yaml
var operator []byte

// LoadOperator builds the operator and puts its image on the cluster.
func (s *Stage) LoadOperator(ctx context.Context) error {
	scratch, err := os.MkdirTemp("", "operator-*")
	if err != nil {
		return fmt.Errorf("make folder for the operator: %w", err)
	}
	defer os.RemoveAll(scratch)
	binary := filepath.Join(scratch, "operator")
	if err := Build(ctx, "./cmd/operator", binary); err != nil {
		return err
	}
	cache, err := lab.ImageCache()
	if err != nil {
		return err
	}
	archive, err := images.Operator(binary, cache)
	if err != nil {
		return err
	}
	s.operator = filepath.Base(archive)
	if s.Local == nil {
		fmt.Fprintf(s.progress, "the nodes need the operator's image of %s\n", archive)
	}
	return s.LoadImages(ctx, archive)
}

// InstallOperator installs the unified API and the operator, whose image has
// to be loaded before, and returns when the operator is ready.
func (s *Stage) InstallOperator(ctx context.Context) error {
	if err := s.InstallDefinitions(ctx); err != nil {
		return err
	}
	// An image of another content has the same name; the pod has to be a new
	// one to take it.
	if err := s.Apply(ctx, bytes.ReplaceAll(operator, []byte("IMAGE"), []byte(s.operator))); err != nil {
		return err
	}
	return s.AwaitDeployments(ctx, Operator.Namespace)
}

// InstallDefinitions installs the CRDs of the unified API and returns when
// they are served.
func (s *Stage) InstallDefinitions(ctx context.Context) error {
	files, err := fs.Glob(crds.FS, "*.yaml")
	if err != nil {
		return fmt.Errorf("list definitions: %w", err)
	}
	for _, file := range files {
		text, err := crds.FS.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read definition: %w", err)
		}
		if err := s.Apply(ctx, text); err != nil {
			return err
		}
		objects, err := Read(text)
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := s.AwaitCondition(ctx, o, Condition{Type: "Established", Status: "True"}); err != nil {
				return err
			}
		}
	}
	return nil
}

// RestartOperator ends the operator's pod and returns when another one has
// taken over.
func (s *Stage) RestartOperator(ctx context.Context) error {
	before, err := s.leader(ctx)
	if err != nil {
		return err
	}
	pods := client.MatchingLabels{"app.kubernetes.io/name": Operator.Name}
	if err := s.API.DeleteAllOf(ctx, new(corev1.Pod), client.InNamespace(Operator.Namespace), pods); err != nil {
		return fmt.Errorf("delete the operator's pod: %w", err)
	}
	var now string
	err = Until(ctx, func(ctx context.Context) (bool, error) {
		now, err = s.leader(ctx)
		return now != "" && now != before, err
	})
	if err != nil {
		return fmt.Errorf("wait for an operator after %s, which is %s: %w", before, now, err)
	}
	return s.AwaitDeployments(ctx, Operator.Namespace)
}

// StopOperator ends the operator, and StartOperator has it come back.
func (s *Stage) StopOperator(ctx context.Context) error { return s.scaleOperator(ctx, 0) }

// StartOperator is the opposite of StopOperator.
func (s *Stage) StartOperator(ctx context.Context) error { return s.scaleOperator(ctx, 1) }

func (s *Stage) scaleOperator(ctx context.Context, replicas int32) error {
	d := new(appsv1.Deployment)
	if err := s.API.Get(ctx, Operator, d); err != nil {
		return fmt.Errorf("read the operator's deployment: %w", err)
	}
	patch := client.MergeFrom(d.DeepCopy())
	d.Spec.Replicas = &replicas
	if err := s.API.Patch(ctx, d, patch); err != nil {
		return fmt.Errorf("scale the operator: %w", err)
	}
	return s.AwaitDeployments(ctx, Operator.Namespace)
}

// OperatorLog returns the end of what the operator has logged.
func (s *Stage) OperatorLog(ctx context.Context) (string, error) {
	clients, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return "", fmt.Errorf("make client: %w", err)
	}
	pods := clients.CoreV1().Pods(Operator.Namespace)
	list, err := pods.List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("find the operator's pods: %w", err)
	}
	var all strings.Builder
	lines := int64(100)
	for _, pod := range list.Items {
		text, err := pods.GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx)
		if err != nil {
			return "", fmt.Errorf("read log of %s: %w", pod.Name, err)
		}
		fmt.Fprintf(&all, "%s:\n%s", pod.Name, text)
	}
	return all.String(), nil
}

// leader returns the identity of the operator that holds the lease.
func (s *Stage) leader(ctx context.Context) (string, error) {
	var leases coordinationv1.LeaseList
	if err := s.Client.List(ctx, &leases, client.InNamespace(Operator.Namespace)); err != nil {
		return "", fmt.Errorf("list leases: %w", err)
	}
	for _, lease := range leases.Items {
		if holder := lease.Spec.HolderIdentity; holder != nil {
			return *holder, nil
		}
	}
	return "", errors.New("find the operator's lease: there is none")
}
