package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/istio"
	"github.com/meshloom/meshloom/test/stage"
)

const mesh = "shop"

func (d *demo) installMeshloom(ctx context.Context) error {
	if err := d.LoadProduct(ctx, binaries.IstioVersion); err != nil {
		return err
	}
	if err := d.onCluster(ctx, append([]string{"install", "-y"}, stage.ProductFlags()...)...); err != nil {
		return err
	}
	return d.forgetEarlierRun(ctx)
}

// onCluster shows a command of meshctl, runs it on the demo's cluster, and
// shows what it says.
func (d *demo) onCluster(ctx context.Context, args ...string) error {
	d.say("$ meshctl %s", strings.Join(args, " "))
	return d.ctl(ctx, append([]string{"--kubeconfig", d.Kubeconfig, "--context", d.Context}, args...)...)
}

// installMesh has Meshloom install Istio. One that runs on a cluster of
// somebody else's is adopted.
func (d *demo) installMesh(ctx context.Context) error {
	if d.Local == nil {
		adopt, err := d.foreignIstio(ctx)
		if err != nil {
			return err
		}
		if adopt {
			d.say("Istio runs already, and is not Meshloom's: it is adopted and stays as it is.")
			d.adopted = true
			return d.apply("mesh.yaml")(ctx)
		}
	}
	values, err := valuesFile(istio.PlainEnvoy())
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(values))
	d.say("The values are those that the plain Envoy of this demo needs, which is not Istio's own build.")
	err = d.onCluster(ctx, "install", "mesh", mesh, "--provider=istio", "--member-selector=mesh="+mesh, "--allowed-gateways=All", "--values="+values, "-y")
	if err != nil {
		return err
	}
	return d.showOne(ctx, v1alpha1.KindMesh, client.ObjectKey{Name: mesh})
}

// foreignIstio says whether an Istio runs that Meshloom did not install.
func (d *demo) foreignIstio(ctx context.Context) (bool, error) {
	runs, err := d.HasIstio(ctx)
	if err != nil || !runs {
		return false, err
	}
	m := new(v1alpha1.Mesh)
	err = d.API.Get(ctx, client.ObjectKey{Name: mesh}, m)
	if err == nil {
		return m.Spec.Mode == v1alpha1.ModeAdopted, nil
	}
	return true, client.IgnoreNotFound(err)
}

// valuesFile writes values of charts into a file in a folder of its own.
func valuesFile(values map[string]any) (string, error) {
	text, err := yaml.Marshal(values)
	if err != nil {
		return "", fmt.Errorf("write values: %w", err)
	}
	dir, err := os.MkdirTemp("", "demo-*")
	if err != nil {
		return "", fmt.Errorf("write values: %w", err)
	}
	path := filepath.Join(dir, "values.yaml")
	return path, os.WriteFile(path, text, 0o600)
}

// installGateway has Meshloom install Istio's gateway beside the mesh, and pair
// the two.
func (d *demo) installGateway(ctx context.Context) error {
	if d.adopted {
		if err := d.ApplyFile(ctx, d.example("gateway.yaml")); err != nil {
			return err
		}
		return d.apply("ingress.yaml")(ctx)
	}
	values, err := valuesFile(istio.SmallGateway())
	if err != nil {
		return err
	}
	defer os.RemoveAll(filepath.Dir(values))
	if err := d.onCluster(ctx, "install", "ingress", "istio", "--provider=istio", "--values="+values, "-y"); err != nil {
		return err
	}
	return d.applyGateway(ctx)
}

// applyGateway applies the IngressGateway of the example, without the
// IngressController beside it, which is an adopted one.
func (d *demo) applyGateway(ctx context.Context) error {
	if err := d.makeNamespace(ctx, gateway.Namespace, nil); err != nil {
		return err
	}
	text, err := os.ReadFile(d.example("ingress.yaml"))
	if err != nil {
		return fmt.Errorf("read example: %w", err)
	}
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		objects, err := stage.Read([]byte(document))
		if err != nil {
			return err
		}
		if len(objects) != 1 || objects[0].GetKind() != v1alpha1.KindIngressGateway {
			continue
		}
		if err := d.Put(ctx, []byte(document)); err != nil {
			return err
		}
		return d.show(ctx, objects[0], document)
	}
	return errors.New("find the IngressGateway of the example: ingress.yaml has none")
}

func (d *demo) makeNamespace(ctx context.Context, name string, labels map[string]string) error {
	n := &corev1.Namespace{}
	n.Name, n.Labels = name, labels
	if err := d.API.Create(ctx, n); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace: %w", err)
	}
	return nil
}

// showOne prints an object as it is, and its status.
func (d *demo) showOne(ctx context.Context, kind string, key client.ObjectKey) error {
	o := new(unstructured.Unstructured)
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	if err := d.API.Get(ctx, key, o); err != nil {
		return fmt.Errorf("read %s %s: %w", kind, key.Name, err)
	}
	return d.status(ctx, o)
}

// ownMark is how the example says that its namespace is in somebody else's mesh
// already. Beside the marks of a mesh of Meshloom's own, nobody would inject.
const ownMark = "    istio-injection: enabled\n"

// installBookinfo makes the namespace first: its pods get a sidecar once the
// mesh has it.
func (d *demo) installBookinfo(ctx context.Context) error {
	text, err := os.ReadFile(d.example("app.yaml"))
	if err != nil {
		return fmt.Errorf("read example: %w", err)
	}
	if !d.adopted {
		if err := d.makeNamespace(ctx, bookinfo, map[string]string{"mesh": mesh}); err != nil {
			return err
		}
		if err := d.AwaitMember(ctx, bookinfo); err != nil {
			return err
		}
		text = bytes.ReplaceAll(text, []byte(ownMark), nil)
	}
	if err := d.Apply(ctx, text); err != nil {
		return err
	}
	return d.AwaitDeployments(ctx, bookinfo)
}
