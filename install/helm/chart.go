package helm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/meshloom/meshloom/install"
)

// files are those of one chart, with names relative to its folder.
type files []*archive.BufferedFile

// load returns the chart of a work. Each call returns one of its own: Helm
// changes charts while it renders them.
func (e *Engine) load(ctx context.Context, w Work) (*chartv2.Chart, error) {
	found, err := e.files(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("get %s from %s: %w", w.what(), place(w.Chart.Source, e.options.Bundle), err)
	}
	chart, err := loader.LoadFiles(found)
	if err != nil {
		return nil, fmt.Errorf("read %s from %s: %w", w.what(), place(w.Chart.Source, e.options.Bundle), err)
	}
	if w.Chart.Source.Kind == install.Embedded && w.Chart.Version != "" {
		// Charts that come with source code have a version that means nothing.
		chart.Metadata.Version, chart.Metadata.AppVersion = w.Chart.Version, w.Chart.Version
	}
	if w.Chart.Version != "" && chart.Metadata.Version != w.Chart.Version {
		return nil, fmt.Errorf("get %s from %s: it holds version %s: ask for that one", w.what(), place(w.Chart.Source, e.options.Bundle), chart.Metadata.Version)
	}
	return chart, nil
}

// files returns the files of a chart from wherever it comes.
func (e *Engine) files(ctx context.Context, w Work) (files, error) {
	source := w.Chart.Source
	switch source.Kind {
	case install.Embedded:
		return embedded(w.Charts, w.Chart.Path)
	case install.Path:
		return local(source.Location)
	case install.Bundle:
		return e.bundled(w.Chart)
	case install.Repository, install.Manifests:
		key := cacheKey{source, w.Chart.Name, w.Chart.Version}
		return e.charts.get(key, func() (files, error) { return e.fetchOrUnbundle(ctx, w.Chart) })
	}
	return nil, fmt.Errorf("a source of kind %q is not known", source.Kind)
}

// place names a source for people.
func place(s install.Source, bundle string) string {
	switch {
	case s.Kind == install.Embedded:
		return "this binary"
	case s.Kind == install.Bundle && s.Location == "":
		return "bundle " + bundle
	case s.Kind == install.Bundle:
		return "bundle " + s.Location
	}
	return s.Location
}

// maxCached is how many charts are kept.
const maxCached = 32

// chartCache keeps charts of repositories: a version of a chart does not change
// once it is published.
type chartCache struct {
	mu    sync.Mutex
	files map[cacheKey]files
}

type cacheKey struct {
	source        install.Source
	name, version string
}

// get returns the chart of a key, fetched unless it is there. Errors are not
// kept. Any chart makes room for a new one.
func (c *chartCache) get(key cacheKey, fetch func() (files, error)) (files, error) {
	c.mu.Lock()
	kept, ok := c.files[key]
	c.mu.Unlock()
	if ok {
		return kept, nil
	}
	fetched, err := fetch()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[cacheKey]files{}
	}
	if len(c.files) >= maxCached {
		delete(c.files, slices.Collect(maps.Keys(c.files))[0])
	}
	c.files[key] = fetched
	return fetched, nil
}
