package selfinstall

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
)

// Pods names the pods of Meshloom that are there.
func Pods(ctx context.Context, c client.Reader) ([]string, error) {
	processes, err := labels.NewRequirement("app.kubernetes.io/name", selection.In, []string{chart.Operator, chart.Installer})
	if err != nil {
		return nil, fmt.Errorf("select pods: %w", err)
	}
	pods := &corev1.PodList{}
	selector := labels.NewSelector().Add(*processes)
	if err := c.List(ctx, pods, client.InNamespace(chart.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	var out []string
	for i := range pods.Items {
		out = append(out, pods.Items[i].Name)
	}
	return out, nil
}
