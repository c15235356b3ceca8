package selfinstall

import (
	"context"
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/install/chart"
	"github.com/meshloom/meshloom/internal/checkup"
)

// manager is the field manager that Helm applies with, so that it goes on from
// what is applied before it.
const manager = "helm"

// EnsureNamespace makes the namespace of Meshloom where it is not there. One
// that is there stays as it is.
func EnsureNamespace(ctx context.Context, c client.Client) error {
	ns := Namespace()
	if err := c.Create(ctx, ns, client.FieldOwner(manager)); client.IgnoreAlreadyExists(err) != nil {
		return fmt.Errorf("create namespace %s: %w", ns.GetName(), err)
	}
	return nil
}

// ApplyDefinitions applies the CRDs as parts of the release, before the rest of
// it. Those that another tool installed are refused.
func ApplyDefinitions(ctx context.Context, c client.Client, definitions []*unstructured.Unstructured) error {
	for _, crd := range definitions {
		if err := free(ctx, c, crd.GetName()); err != nil {
			return err
		}
	}
	for _, crd := range definitions {
		crd = crd.DeepCopy()
		belong(crd)
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(crd), client.FieldOwner(manager), client.ForceOwnership); err != nil {
			return fmt.Errorf("apply definition %s: %w", crd.GetName(), err)
		}
	}
	return nil
}

// free refuses a CRD that another tool keeps.
func free(ctx context.Context, c client.Reader, name string) error {
	crd := &metav1.PartialObjectMetadata{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	err := c.Get(ctx, client.ObjectKey{Name: name}, crd)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	by := checkup.OwnerOf(crd)
	ours := by == checkup.Owner{Tool: checkup.Helm, Name: chart.Release, Namespace: chart.Namespace}
	if by.Tool == checkup.Hand || ours {
		return nil
	}
	return fmt.Errorf("definition %s was installed by %s: say --crds=skip to leave it to that", name, by)
}

// belong marks an object as a part of the release, as Helm does.
func belong(obj *unstructured.Unstructured) {
	labels, annotations := obj.GetLabels(), obj.GetAnnotations()
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	labels["app.kubernetes.io/managed-by"] = "Helm"
	annotations["meta.helm.sh/release-name"], annotations["meta.helm.sh/release-namespace"] = chart.Release, chart.Namespace
	obj.SetLabels(labels)
	obj.SetAnnotations(annotations)
}

// Unestablished says which of the CRDs are not served yet, and why; "" where
// all are.
func Unestablished(ctx context.Context, c client.Reader, definitions []*unstructured.Unstructured) (string, error) {
	var waiting []string
	for _, d := range definitions {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := c.Get(ctx, client.ObjectKey{Name: d.GetName()}, crd); err != nil {
			return "", fmt.Errorf("read definition %s: %w", d.GetName(), err)
		}
		if why := unestablished(crd); why != "" {
			waiting = append(waiting, "CustomResourceDefinition "+crd.Name+" "+why)
		}
	}
	return strings.Join(waiting, "; "), nil
}

func unestablished(crd *apiextensionsv1.CustomResourceDefinition) string {
	wanted := map[apiextensionsv1.CustomResourceDefinitionConditionType]string{
		apiextensionsv1.NamesAccepted: "has no accepted names yet", apiextensionsv1.Established: "is not established yet",
	}
	for _, condition := range crd.Status.Conditions {
		if _, looked := wanted[condition.Type]; !looked {
			continue
		}
		if condition.Status == apiextensionsv1.ConditionTrue {
			delete(wanted, condition.Type)
		} else if condition.Message != "" {
			wanted[condition.Type] += ": " + condition.Message
		}
	}
	for _, kind := range []apiextensionsv1.CustomResourceDefinitionConditionType{apiextensionsv1.NamesAccepted, apiextensionsv1.Established} {
		if text := wanted[kind]; text != "" {
			return text
		}
	}
	return ""
}
