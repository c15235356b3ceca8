package istio

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

// injector is the webhook that puts proxies into pods.
const injector = "istio-sidecar-injector"

// awaitInjector returns when istiod has put its certificate into the injector.
// A pod that is made before that gets no proxy, or is refused.
func (i *Installer) awaitInjector(ctx context.Context) error {
	config, err := i.getter(Namespace).ToRESTConfig()
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	err = wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, i.Timeout, true, func(ctx context.Context) (bool, error) {
		hooks, err := client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, injector, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, h := range hooks.Webhooks {
			if len(h.ClientConfig.CABundle) == 0 {
				return false, nil
			}
		}
		return len(hooks.Webhooks) > 0, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w", injector, err)
	}
	return nil
}
