package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/install/helm"
)

// TestTheChartCallsTheOperatorRight holds what the chart says of its pods to
// the flags of this program.
func TestTheChartCallsTheOperatorRight(t *testing.T) {
	objects := render(t, map[string]any{
		"operator": map[string]any{"verbosity": 1, "secrets": map[string]any{"from": "Namespaces", "namespaces": []any{"edge", "shop"}}},
	})
	for name, want := range map[string]role{chart.Operator: traffic, chart.Installer: installing} {
		var deployment appsv1.Deployment
		into(t, objects["Deployment "+name], &deployment)
		pod := deployment.Spec.Template.Spec
		container := pod.Containers[0]
		f, err := parse(container.Args)
		if err != nil {
			t.Errorf("%s: %q: %v", name, container.Args, err)
			continue
		}
		if got := f.roles(); !slices.Equal(got, []role{want}) {
			t.Errorf("%s runs %v", name, got)
		}
		for _, port := range container.Ports {
			address := map[string]string{"metrics": f.metrics, "probes": f.probes}[port.Name]
			if address != fmt.Sprintf(":%d", port.ContainerPort) {
				t.Errorf("%s: port %s is %d, the operator listens on %s", name, port.Name, port.ContainerPort, address)
			}
		}
		var leading rbacv1.Role
		into(t, objects["Role "+pod.ServiceAccountName+"-leader-election"], &leading)
		if !slices.ContainsFunc(leading.Rules, func(r rbacv1.PolicyRule) bool { return slices.Contains(r.ResourceNames, leases[want]) }) {
			t.Errorf("%s may not lead by the lease %s: %+v", name, leases[want], leading.Rules)
		}
		if name == chart.Operator && !slices.Equal(f.certificateNamespaces(), []string{"edge", "shop"}) {
			t.Errorf("%s reads certificates of %q", name, f.certificateNamespaces())
		}
	}
}

// render returns the objects of the chart by kind and name.
func render(t *testing.T, values map[string]any) map[string]*unstructured.Unstructured {
	t.Helper()
	release, err := chart.Of(chart.Wanted{Values: values})
	if err != nil {
		t.Fatal(err)
	}
	work := helm.Work{Chart: release, Charts: chart.FS}
	text, err := helm.New(helm.Options{}).Render(t.Context(), helm.Rendering{Work: work, Kubernetes: "1.37.0"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*unstructured.Unstructured{}
	for decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096); ; {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(obj); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if len(obj.Object) > 0 {
			out[obj.GetKind()+" "+obj.GetName()] = obj
		}
	}
}

func into(t *testing.T, obj *unstructured.Unstructured, typed any) {
	t.Helper()
	if obj == nil {
		t.Fatalf("the chart has no such object for %T", typed)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, typed); err != nil {
		t.Fatal(err)
	}
}
