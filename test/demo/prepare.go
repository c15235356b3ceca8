package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/test/lab"
	"github.com/meshloom/meshloom/test/stage"
)

// gateway is the IngressGateway of the example, and its Service.
var gateway = client.ObjectKey{Namespace: "edge", Name: "public"}

const bookinfo = "bookinfo"

// preparations lead to a cluster on which only Meshloom's objects are missing.
func (d *demo) preparations() []step {
	return []step{
		{"Translate Bookinfo without a cluster", "meshctl is built first; it needs nothing but the files of examples/bookinfo.", d.translate},
		{"Start a real Kubernetes", "One node of real components in namespaces of their own. The first time on a machine it builds Kubernetes, which takes minutes.", d.open},
		{"Install Meshloom", "One command. Its operator keeps native objects as they are asked for; its installer installs and upgrades meshes.", d.installMeshloom},
		{"Have Meshloom install a real Istio", "A Mesh with mode Managed, from the charts that come with Meshloom. The first time on a machine this builds Istio's images, which takes minutes.", d.installMesh},
		{"Have Meshloom install a gateway, paired with the mesh", "An IngressController and an IngressGateway, in words that fit any ingress.", d.installGateway},
		{"Run Bookinfo with real sidecars", "Four services, three versions of reviews, a real Envoy in each pod.", d.installBookinfo},
	}
}

// translate shows the offline path before anything else is built.
func (d *demo) translate(ctx context.Context) error {
	if err := stage.Build(ctx, "./cmd/meshctl", d.meshctl); err != nil {
		return err
	}
	d.say("$ meshctl translate -f examples/bookinfo --mesh istio --ingress istio")
	return d.ctl(ctx, "translate", "-f", "examples/bookinfo", "--mesh", "istio", "--ingress", "istio")
}

// ctl runs meshctl in the repository and prints what it says.
func (d *demo) ctl(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, d.meshctl, args...)
	cmd.Dir = d.root
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if out.Len() > 0 {
		d.block(out.String())
	}
	if complaints.Len() > 0 {
		d.block(complaints.String())
	}
	if err != nil {
		return fmt.Errorf("run meshctl %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// kubeconfig is the file that DEMO_CONTEXT is looked up in.
func kubeconfig() string {
	if path := os.Getenv("KUBECONFIG"); path != "" {
		return path
	}
	return clientcmd.RecommendedHomeFile
}

// checkContext refuses a DEMO_CONTEXT that does not exist before anything is
// built.
func checkContext() error {
	name := os.Getenv("DEMO_CONTEXT")
	if name == "" {
		return nil
	}
	config, err := clientcmd.LoadFromFile(kubeconfig())
	if err != nil {
		return fmt.Errorf("find DEMO_CONTEXT %q: set KUBECONFIG to one file that holds it: %w", name, err)
	}
	if config.Contexts[name] == nil {
		known := strings.Join(slices.Sorted(maps.Keys(config.Contexts)), ", ")
		return fmt.Errorf("find DEMO_CONTEXT %q: %s holds %s; unset it to use a cluster of the demo's own", name, kubeconfig(), known)
	}
	return nil
}

func (d *demo) open(ctx context.Context) error {
	options := lab.Options{Name: d.cluster, Progress: d.printer}
	if name := os.Getenv("DEMO_CONTEXT"); name != "" {
		options.Kubeconfig, options.Context = kubeconfig(), name
		d.say("DEMO_CONTEXT names the context %s, which is used in place of a cluster of the demo's own.", name)
	}
	var err error
	if d.Stage, err = stage.Open(ctx, options); err != nil {
		return err
	}
	d.say("kubeconfig: %s", d.Kubeconfig)
	return nil
}

// forgetEarlierRun removes what an earlier demo applied, so that every run
// begins alike.
func (d *demo) forgetEarlierRun(ctx context.Context) error {
	for _, file := range slices.Backward(unifiedFiles) {
		text, err := os.ReadFile(d.example(file))
		if err != nil {
			return fmt.Errorf("read example: %w", err)
		}
		objects, err := stage.Read(text)
		if err != nil {
			return err
		}
		if err := d.Remove(ctx, stage.Unified(objects)...); err != nil {
			return err
		}
	}
	return nil
}
