package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"helm.sh/helm/v4/pkg/release/common"
	releasev1 "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"

	"github.com/meshloom/meshloom/install"
)

// History returns every revision of a release that Helm still has, read whole,
// the newest first; none where there is no such release. Revisions that ran and
// were followed by another are Deployed.
func (e *Engine) History(ctx context.Context, namespace, name string) ([]install.Release, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	config, _, err := e.helm(namespace)
	if err != nil {
		return nil, err
	}
	stored, err := config.Releases.History(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read history of Helm release %s/%s: %w", namespace, name, err)
	}
	var out []install.Release
	for _, one := range stored {
		rel, ok := one.(*releasev1.Release)
		if !ok {
			continue
		}
		r := seen(namespace, rel)
		if rel.Info != nil && rel.Info.Status == common.StatusSuperseded {
			r.Status = install.Deployed
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b install.Release) int { return cmp.Compare(b.Revision, a.Revision) })
	return out, nil
}

// Values returns the values that the newest revision of a release was given,
// without those of its chart; none where there is no such release.
func (e *Engine) Values(ctx context.Context, namespace, name string) (map[string]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	config, _, err := e.helm(namespace)
	if err != nil {
		return nil, err
	}
	last, err := lastRevision(config, name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Helm release %s/%s: %w", namespace, name, err)
	}
	return last.Config, nil
}
