//go:build e2e

package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/test/binaries"
	"github.com/meshloom/meshloom/test/charts"
	"github.com/meshloom/meshloom/test/istio"
)

const (
	older = binaries.PreviousIstioVersion
	newer = binaries.IstioVersion
	// control is the namespace of the control plane.
	control  = "istio-system"
	bookinfo = "bookinfo"
)

// gateway is the IngressGateway, and its Service.
var gateway = client.ObjectKey{Namespace: "edge", Name: "public"}

// meshKey names the Mesh.
var meshKey = client.ObjectKey{Name: "shop"}

// shop is the Mesh as it begins.
func shop(t *testing.T) *v1alpha1.Mesh {
	t.Helper()
	m := new(v1alpha1.Mesh)
	read(t, "testdata/mesh.yaml", m)
	m.Spec.Helm = helmOf(istio.PlainEnvoy(), charts.Good)
	// Certificates that live no longer than kubelets take to change a file: a
	// rotation waits for their end.
	setValue(m, "30s", "meshConfig", "defaultConfig", "proxyMetadata", "SECRET_TTL")
	return m
}

// controller is the IngressController that goes with it.
func controller(t *testing.T) *v1alpha1.IngressController {
	t.Helper()
	c := new(v1alpha1.IngressController)
	read(t, "testdata/controller.yaml", c)
	c.Spec.Helm = helmOf(istio.SmallGateway(), charts.Good)
	return c
}

func read(t *testing.T, path string, into client.Object) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, yaml.UnmarshalStrict(text, into))
}

func helmOf(values map[string]any, repository string) *v1alpha1.Helm {
	raw, err := json.Marshal(values)
	if err != nil {
		panic(err) // They are literals.
	}
	return &v1alpha1.Helm{
		Values:      &runtime.RawExtension{Raw: raw},
		ChartSource: &v1alpha1.ChartSource{Repository: charts.URL(repository)},
	}
}

// edit changes the Mesh as a user would.
func edit(ctx context.Context, change func(*v1alpha1.Mesh)) error {
	m := new(v1alpha1.Mesh)
	if err := life.API.Get(ctx, meshKey, m); err != nil {
		return err
	}
	patch := client.MergeFrom(m.DeepCopy())
	change(m)
	return life.API.Patch(ctx, m, patch)
}

// annotate agrees to, or asks for, something.
func annotate(ctx context.Context, name, value string) error {
	return edit(ctx, func(m *v1alpha1.Mesh) { metav1.SetMetaDataAnnotation(&m.ObjectMeta, name, value) })
}

// patience bounds any single change: waves of restarts take minutes, and a
// rotation of the root takes three times three and a half.
const patience = 20 * time.Minute

// await waits until the Mesh is as wanted; what says what is missing.
func await(ctx context.Context, what string, holds func(*v1alpha1.Mesh) bool) error {
	m := new(v1alpha1.Mesh)
	err := wait.PollUntilContextTimeout(ctx, 300*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		// The API server is killed now and then.
		return life.API.Get(ctx, meshKey, m) == nil && holds(m), nil
	})
	if err != nil {
		text, _ := json.MarshalIndent(m.Status, "", "  ")
		return fmt.Errorf("wait until %s: %w: status\n%s", what, err, text)
	}
	return nil
}

// awaitVersion waits until the mesh runs a version, with all that is in it.
func awaitVersion(ctx context.Context, version string) error {
	return await(ctx, "mesh shop runs "+version, func(m *v1alpha1.Mesh) bool {
		return current(m) && condition(m, v1alpha1.ConditionReady, metav1.ConditionTrue, "") &&
			condition(m, v1alpha1.ConditionInstalled, metav1.ConditionTrue, "") &&
			meta.FindStatusCondition(m.Status.Conditions, string(v1alpha1.ConditionUpgrading)) == nil &&
			m.Status.Version == version
	})
}

// changing says that the installer works on the newest spec.
func changing(m *v1alpha1.Mesh) bool {
	return current(m) && (meta.IsStatusConditionTrue(m.Status.Install.Conditions, string(v1alpha1.ConditionUpgrading)) ||
		meta.IsStatusConditionTrue(m.Status.Install.Conditions, string(v1alpha1.ConditionReconciling)))
}

// current says that the installer has looked at the newest spec.
func current(m *v1alpha1.Mesh) bool {
	return m.Status.Install != nil && m.Status.Install.ObservedGeneration == m.Generation
}

// condition says whether a condition of the newest spec is so; a reason that
// is empty may be any.
func condition(m *v1alpha1.Mesh, name v1alpha1.ConditionType, status metav1.ConditionStatus, reason v1alpha1.ConditionReason) bool {
	return slices.ContainsFunc(m.Status.Conditions, func(c metav1.Condition) bool {
		return c.Type == string(name) && c.Status == status && (reason == "" || c.Reason == string(reason)) && c.ObservedGeneration == m.Generation
	})
}
