package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/test/images"
	"github.com/meshloom/meshloom/test/lab"
)

// Operator is where the operator's Deployment is: the one that translates.
var Operator = client.ObjectKey{Namespace: chart.Namespace, Name: chart.Operator}

// lease is the one by which one of its pods leads.
const lease = "operator.meshloom.io"

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

// InstallOperator installs Meshloom by its chart, with the roles that it has
// anywhere else, and returns when it is ready. Its image has to be loaded
// before.
func (s *Stage) InstallOperator(ctx context.Context) error {
	if err := s.Apply(ctx, []byte(namespace)); err != nil {
		return err
	}
	release, err := chart.Of(chart.Wanted{Values: s.operatorValues()})
	if err != nil {
		return err
	}
	engine := helm.New(helm.Options{Config: s.Config})
	history, err := engine.History(ctx, release.Namespace, release.Release)
	if err != nil {
		return err
	}
	write := engine.Install
	if len(history) > 0 {
		write = engine.Upgrade
	}
	if err := write(ctx, helm.Work{Chart: release, Charts: chart.FS, Owner: "Meshloom/meshloom"}); err != nil {
		return err
	}
	return s.AwaitDeployments(ctx, Operator.Namespace)
}

// namespace admits no pod that could harm the cluster.
const namespace = `
apiVersion: v1
kind: Namespace
metadata:
  name: meshloom-system
  labels: {pod-security.kubernetes.io/enforce: restricted}
`

// operatorValues have the chart run the image that was loaded.
func (s *Stage) operatorValues() map[string]any {
	repository, tag, _ := strings.Cut(images.OperatorName, ":")
	deployment := map[string]any{
		// An image of another content has the same name; the pod has to be a new
		// one to take it.
		"podAnnotations": map[string]any{"meshloom.io/image": s.operator},
		"resources":      map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "64Mi"}},
	}
	return map[string]any{
		"image":    map[string]any{"repository": repository, "tag": tag},
		"operator": deployment, "installer": deployment,
	}
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
	var held coordinationv1.Lease
	if err := s.Client.Get(ctx, client.ObjectKey{Namespace: Operator.Namespace, Name: lease}, &held); err != nil {
		return "", fmt.Errorf("read the operator's lease: %w", err)
	}
	if held.Spec.HolderIdentity == nil {
		return "", nil
	}
	return *held.Spec.HolderIdentity, nil
}
