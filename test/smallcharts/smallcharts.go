// Package smallcharts serves small charts that have the names, the values and
// the makings of those of Linkerd and Consul as far as Meshloom depends on them,
// and a bundle of Gateway API. They are our own: the projects' are fetched from
// where they publish them when a mesh is installed, and are not in tests.
package smallcharts

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/repo/v1"

	"github.com/meshloom/meshloom/install"
)

//go:embed all:charts
var charts embed.FS

// Serve serves a repository with the charts of the names in every version of a
// catalog, and returns its address.
func Serve(t *testing.T, catalog install.Catalog, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, v := range catalog.Versions {
		for _, name := range names {
			if err := pack(name, cmp.Or(v.Charts[name], v.Version), v.App, dir); err != nil {
				t.Fatal(err)
			}
		}
	}
	index, err := repo.IndexDirectory(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := index.WriteFile(path.Join(dir, "index.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// pack writes one chart as one file.
func pack(name, version, app, dir string) error {
	folder := "charts/" + name
	var files []*archive.BufferedFile
	if err := fs.WalkDir(charts, folder, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := charts.ReadFile(file)
		files = append(files, &archive.BufferedFile{Name: strings.TrimPrefix(file, folder+"/"), Data: data})
		return err
	}); err != nil {
		return fmt.Errorf("read chart %s: %w", name, err)
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return fmt.Errorf("load chart %s: %w", name, err)
	}
	chart.Metadata.Version, chart.Metadata.AppVersion = version, app
	if _, err := util.Save(chart, dir); err != nil {
		return fmt.Errorf("pack chart %s: %w", name, err)
	}
	return nil
}
