package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ChangeOf returns what installing or upgrading a chart would change, compared
// with what its release has made: nothing where they are the same. It reads the
// cluster and writes nothing.
func (e *Engine) ChangeOf(ctx context.Context, w Work) ([]ObjectChange, error) {
	config, _, err := e.helm(w.Chart.Namespace)
	if err != nil {
		return nil, err
	}
	have, err := manifestOf(config, w.Chart.Release)
	if err != nil {
		return nil, fmt.Errorf("read Helm release %s: %w", w.name(), err)
	}
	want, err := e.renderFor(ctx, Rendering{Work: w})
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

// manifestOf returns what a release has made; "" where it is not there.
func manifestOf(config *action.Configuration, name string) (string, error) {
	last, err := lastRevision(config, name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return last.Manifest, nil
}

// renderFor renders a chart for the cluster that is there: charts may look
// things up in it.
func (e *Engine) renderFor(ctx context.Context, r Rendering) (string, error) {
	chart, err := e.load(ctx, r.Work)
	if err != nil {
		return "", err
	}
	config, _, err := e.helm(r.Chart.Namespace)
	if err != nil {
		return "", err
	}
	in := action.NewInstall(config)
	in.DryRunStrategy = action.DryRunServer
	// What is there already is not in the way of a look.
	r.Upgrade = true
	rel, err := r.dryRun(ctx, in, chart)
	if err == nil {
		return rel.Manifest, nil
	}
	if !strings.Contains(err.Error(), noSuchKind) {
		return "", err
	}
	return e.renderWithout(ctx, r, config)
}

// noSuchKind is in the error for objects of kinds that are not served.
const noSuchKind = "no matches for kind"

// renderWithout renders a chart that has objects of kinds that charts before it
// are to bring: there is nothing to look up for it yet.
func (e *Engine) renderWithout(ctx context.Context, r Rendering, config *action.Configuration) (string, error) {
	chart, err := e.load(ctx, r.Work)
	if err != nil {
		return "", err
	}
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
