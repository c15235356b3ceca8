package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v4/pkg/action"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ChangeOf returns what installing or upgrading a chart would change, compared
// with what its release has made: nothing where they are the same. It reads the
// cluster and writes nothing.
func (e *Engine) ChangeOf(ctx context.Context, w Work) ([]ObjectChange, error) {
	chart, err := e.load(ctx, w)
	if err != nil {
		return nil, err
	}
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return nil, err
	}
	have, there, err := manifestOf(config, w.Chart.Release)
	if err != nil {
		return nil, fmt.Errorf("read Helm release %s: %w", w.name(), err)
	}
	want, err := e.renderFor(ctx, config, Rendering{Work: w, Upgrade: there}, chart)
	if err != nil {
		return nil, err
	}
	before, err := byKey(have, w.Chart.Namespace)
	if err != nil {
		return nil, err
	}
	after, err := byKey(want, w.Chart.Namespace)
	if err != nil {
		return nil, err
	}
	return changes(before, after), nil
}

// manifestOf returns what a release has made, and whether it is there.
func manifestOf(config *action.Configuration, name string) (string, bool, error) {
	last, err := lastRevision(config, name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return last.Manifest, true, nil
}

// renderFor renders a chart for the cluster that is there.
func (e *Engine) renderFor(ctx context.Context, config *action.Configuration, r Rendering, chart *chartv2.Chart) (string, error) {
	served, err := config.RESTClientGetter.ToDiscoveryClient()
	if err != nil {
		return "", fmt.Errorf("ask what the cluster serves: %w", err)
	}
	version, err := served.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("ask for the version of the cluster: %w", err)
	}
	r.Kubernetes = version.GitVersion
	if r.Served, err = action.GetVersionSet(served); err != nil {
		return "", fmt.Errorf("ask what the cluster serves: %w", err)
	}
	rel, err := e.render(ctx, r, chart)
	if err != nil {
		return "", err
	}
	return rel.Manifest, nil
}

// changes returns how objects differ, sorted.
func changes(before, after map[objectKey]*unstructured.Unstructured) []ObjectChange {
	var list []ObjectChange
	for key, want := range after {
		have, ok := before[key]
		if !ok {
			list = append(list, change(Add, key))
			continue
		}
		if fields := compare("", have.Object, want.Object); len(fields) > 0 {
			c := change(Change, key)
			c.Fields = hide(key.kind, fields)
			list = append(list, c)
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			list = append(list, change(Remove, key))
		}
	}
	slices.SortFunc(list, func(a, b ObjectChange) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func change(action Action, key objectKey) ObjectChange {
	return ObjectChange{Action: action, Kind: key.kind, Namespace: key.namespace, Name: key.name}
}
