package helm

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Removal says what to remove.
type Removal struct {
	Namespace, Name string
	// Definitions says that the CRDs of the chart go too, and with them every
	// object of their kinds. Otherwise they stay.
	Definitions bool
}

// definitionKind is what CRDs are.
const definitionKind = "CustomResourceDefinition"

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// Uninstall removes a release, whatever state it is in, and its history. It may
// be repeated until it succeeds; one that is not there is no error.
func (e *Engine) Uninstall(ctx context.Context, r Removal) error {
	done, err := e.hold(ctx, r.Namespace, r.Name)
	if err != nil {
		return err
	}
	defer done()
	config, log, err := e.helm(r.Namespace)
	if err != nil {
		return err
	}
	last, err := lastRevision(config, r.Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("uninstall %s/%s: %w", r.Namespace, r.Name, err)
	}
	un := e.removal(config)
	// The record stays until the CRDs are gone: it is what names them.
	un.KeepHistory = r.Definitions
	if last.Info.Status != common.StatusUninstalled || !r.Definitions {
		if _, err := un.Run(r.Name); err != nil {
			return fmt.Errorf("uninstall %s/%s: %w", r.Namespace, r.Name, errors.Join(err, log.lastError()))
		}
	}
	if !r.Definitions {
		return nil
	}
	if err := e.removeDefinitions(ctx, last); err != nil {
		return err
	}
	if _, err := e.removal(config).Run(r.Name); err != nil {
		return fmt.Errorf("forget release %s/%s: %w", r.Namespace, r.Name, err)
	}
	return nil
}

func (e *Engine) removal(config *action.Configuration) *action.Uninstall {
	un := action.NewUninstall(config)
	un.IgnoreNotFound = true
	un.WaitStrategy, un.Timeout = kube.HookOnlyStrategy, e.options.HookTimeout
	un.DeletionPropagation = "background"
	un.Description = described("uninstalled")
	return un
}

// removeDefinitions deletes the CRDs of a release's chart.
func (e *Engine) removeDefinitions(ctx context.Context, rel *releasev1.Release) error {
	clients, err := e.cluster()
	if err != nil {
		return err
	}
	for _, name := range definitionsOf(rel) {
		err := clients.dynamic.Resource(definitions).Delete(ctx, name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("delete CRD %s: %w", name, err)
		}
	}
	return nil
}

// definitionsOf names the CRDs of a release, of its templates and of the
// chart's own folder for them.
func definitionsOf(rel *releasev1.Release) []string {
	texts := []string{rel.Manifest}
	if rel.Chart != nil {
		for _, crd := range rel.Chart.CRDObjects() {
			texts = append(texts, string(crd.File.Data))
		}
	}
	var names []string
	for _, text := range texts {
		// A manifest that cannot be read was never applied.
		objects, err := parseObjects(text)
		if err != nil {
			continue
		}
		for _, o := range objects {
			if o.GetKind() == definitionKind {
				names = append(names, o.GetName())
			}
		}
	}
	return names
}
