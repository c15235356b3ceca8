package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// client returns an administrator's access from inside the namespaces.
func (l Layout) client() (client.WithWatch, error) {
	config, err := clientcmd.BuildConfigFromFlags("", l.kubeconfig("admin"))
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	api, err := client.NewWithWatch(config, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("create client: %w", err)
	}
	return api, nil
}

// applyCoreDNS writes the objects that make up the cluster's DNS.
func (n *node) applyCoreDNS(ctx context.Context, api client.Client) error {
	text, err := n.layout.render("coredns.yaml")
	if err != nil {
		return err
	}
	for documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096); ; {
		var object unstructured.Unstructured
		err := documents.Decode(&object)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read manifest: %w", err)
		}
		err = api.Apply(ctx, client.ApplyConfigurationFromUnstructured(&object), client.FieldOwner("local-cluster"), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
}

func coreDNSReady(ctx context.Context, api client.Client) error {
	var deployment appsv1.Deployment
	if err := api.Get(ctx, client.ObjectKey{Namespace: "kube-system", Name: "coredns"}, &deployment); err != nil {
		return fmt.Errorf("get deployment coredns: %w", err)
	}
	if deployment.Status.ReadyReplicas == 0 {
		return errors.New("deployment coredns has no ready replica")
	}
	return nil
}
