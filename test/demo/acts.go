package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/stage"
)

// unifiedFiles of the example that the acts apply, in their order.
var unifiedFiles = []string{"route.yaml", "split.yaml", "policy.yaml", "access.yaml"}

// acts are what Meshloom is for.
func (d *demo) acts() []step {
	return []step{
		{"Let requests in", "A GatewayRoute leads the host bookinfo.shop.example to productpage and reviews.", d.then(d.apply("route.yaml"), d.countUnsplit)},
		{"Split reviews 75/25, and send jason to v3", "One TrafficSplit holds inside the mesh and behind the gateway.", d.then(d.apply("split.yaml"), d.countSplit(75, 25), d.countTester)},
		{"Limit the time that reviews may take", "A TrafficPolicy with a timeout of one second and no retries. Answers that take longer are asked for, before and after.", d.then(d.countSlow(200), d.apply("policy.yaml"), d.countSlow(504))},
		{"Deny a caller", "An AccessPolicy lets reviews, and nobody else, read ratings.", d.then(d.countCallers(200), d.apply("access.yaml"), d.countCallers(403), d.showDenied)},
		{"Change the weights to 0/100, live", "The same TrafficSplit, edited.", d.then(d.changeWeights(0, 100), d.countSplit(0, 100), d.countTester)},
		{"See all of it", "What meshctl says of the cluster.", d.overview},
	}
}

// then runs several parts of one step.
func (d *demo) then(parts ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, part := range parts {
			if err := part(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// apply puts a file of the example on the cluster, and shows each object of
// the unified API beside what it became, and its status.
func (d *demo) apply(file string) func(context.Context) error {
	return func(ctx context.Context) error {
		text, err := os.ReadFile(d.example(file))
		if err != nil {
			return fmt.Errorf("read example: %w", err)
		}
		d.say("$ kubectl apply -f examples/bookinfo/%s", file)
		if err := d.Put(ctx, text); err != nil {
			return err
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			objects, err := stage.Read([]byte(document))
			if err != nil {
				return err
			}
			for _, o := range stage.Unified(objects) {
				if err := d.show(ctx, o, document); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// show prints what the user wrote beside the native objects that came of it,
// and its status.
func (d *demo) show(ctx context.Context, o *unstructured.Unstructured, written string) error {
	native, err := d.Native(ctx, o)
	if err != nil {
		return err
	}
	var made []string
	for _, n := range native {
		text, err := brief(n)
		if err != nil {
			return err
		}
		made = append(made, text)
	}
	if len(made) == 0 {
		made = append(made, "(nothing of its own)")
	}
	fmt.Fprintln(d.out)
	d.beside([2]string{"what you say", written}, [2]string{"what the mesh is given (our marks left out)", strings.Join(made, "---\n")})
	return d.status(ctx, o)
}

// brief is an object as people write it.
func brief(o *unstructured.Unstructured) (string, error) {
	plain := stage.Plain(o)
	plain.SetLabels(nil)
	plain.SetAnnotations(nil)
	text, err := yaml.Marshal(plain.Object)
	return string(text), err
}

// status shows what the operator says of the object.
func (d *demo) status(ctx context.Context, o *unstructured.Unstructured) error {
	live := o.DeepCopy()
	if err := d.API.Get(ctx, client.ObjectKeyFromObject(o), live); err != nil {
		return fmt.Errorf("read status of %s: %w", o.GetName(), err)
	}
	fmt.Fprintln(d.out)
	d.say("its status:\n%s", stage.Describe(live))
	return nil
}

// changeWeights edits the split on the cluster.
func (d *demo) changeWeights(v1, v2 int32) func(context.Context) error {
	return func(ctx context.Context) error {
		split := new(v1alpha1.TrafficSplit)
		if err := d.API.Get(ctx, client.ObjectKey{Namespace: bookinfo, Name: "reviews"}, split); err != nil {
			return fmt.Errorf("read the split: %w", err)
		}
		patch := client.MergeFrom(split.DeepCopy())
		split.Spec.BackendRefs[0].Weight, split.Spec.BackendRefs[1].Weight = &v1, &v2
		if err := d.API.Patch(ctx, split, patch); err != nil {
			return fmt.Errorf("change the weights: %w", err)
		}
		split.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KindTrafficSplit))
		if err := d.AwaitReady(ctx, split); err != nil {
			return err
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(split)
		if err != nil {
			return err
		}
		o := &unstructured.Unstructured{Object: content}
		text, err := brief(o)
		if err != nil {
			return err
		}
		return d.show(ctx, o, text)
	}
}

func (d *demo) overview(ctx context.Context) error {
	d.say("$ meshctl get -A")
	return d.ctl(ctx, "--kubeconfig", d.Kubeconfig, "--context", d.Context, "get", "-A")
}
