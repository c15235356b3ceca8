package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/load"
)

// fieldOwner is who writes what a user would write.
const fieldOwner = client.FieldOwner("lab")

// Apply writes the objects of YAML documents in their order, as a user would.
func (l *Lab) Apply(ctx context.Context, text []byte) error {
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := new(unstructured.Unstructured)
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("parse objects: %w", err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := l.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), fieldOwner, client.ForceOwnership); err != nil {
			return fmt.Errorf("apply %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
}

// ApplyFile writes the objects of a file.
func (l *Lab) ApplyFile(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read objects: %w", err)
	}
	if err := l.Apply(ctx, text); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// AwaitDeployments returns when all Deployments of the namespace run their
// newest pods and all of those are ready.
func (l *Lab) AwaitDeployments(ctx context.Context, namespace string) error {
	var waiting string
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		var list appsv1.DeploymentList
		if err := l.Client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			return false, err
		}
		waiting = ""
		for _, d := range list.Items {
			want := int32(1)
			if d.Spec.Replicas != nil {
				want = *d.Spec.Replicas
			}
			s := d.Status
			if s.ObservedGeneration < d.Generation || s.UpdatedReplicas != want || s.ReadyReplicas != want || s.Replicas != want {
				waiting = d.Name
				return false, nil
			}
		}
		return len(list.Items) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("wait for deployment %s in namespace %s: %w", waiting, namespace, err)
	}
	return nil
}

// Pod is where to run a command: in a container of a Deployment's pod.
type Pod struct {
	Namespace, Deployment, Container string
}

// Exec runs a command in the pod and returns its standard output.
func (l *Lab) Exec(ctx context.Context, p Pod, command ...string) ([]byte, error) {
	args := []string{"--kubeconfig", l.Kubeconfig, "--context", l.Context, "--namespace", p.Namespace, "exec", "deployment/" + p.Deployment, "--container", p.Container, "--"}
	cmd := exec.CommandContext(ctx, l.kubectl, append(args, command...)...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run %q in %s/%s: %w: %s", command[0], p.Namespace, p.Deployment, err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.Bytes(), nil
}

// Run sends requests from inside the pod, whose image holds /load.
func (l *Lab) Run(ctx context.Context, p Pod, o load.Options) (*load.Report, error) {
	return runIn[load.Report](ctx, l, p, o.Args())
}

// Raw makes bare connections from inside the pod.
func (l *Lab) Raw(ctx context.Context, p Pod, o load.RawOptions) (*load.RawReport, error) {
	return runIn[load.RawReport](ctx, l, p, o.Args())
}

func runIn[T any](ctx context.Context, l *Lab, p Pod, args []string) (*T, error) {
	out, err := l.Exec(ctx, p, append([]string{"/load"}, args...)...)
	if err != nil {
		return nil, err
	}
	report := new(T)
	if err := json.Unmarshal(out, report); err != nil {
		return nil, fmt.Errorf("read report of %s/%s: %w", p.Namespace, p.Deployment, err)
	}
	return report, nil
}

// ingress waits for the address that a load balancer gave a Service.
func (l *Lab) ingress(ctx context.Context, service client.ObjectKey, port int32) (string, error) {
	var s corev1.Service
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := l.Client.Get(ctx, service, &s)
		return err == nil && len(s.Status.LoadBalancer.Ingress) > 0, client.IgnoreNotFound(err)
	})
	if err != nil {
		return "", fmt.Errorf("wait for address of service %s: %w", service, err)
	}
	host := s.Status.LoadBalancer.Ingress[0].IP
	if host == "" {
		host = s.Status.LoadBalancer.Ingress[0].Hostname
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port))), nil
}
