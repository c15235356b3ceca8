// Package charts makes a Helm repository of Istio's charts in the versions
// that test/binaries builds, for a server in a cluster: upgrades need a version
// to come from, and the product embeds one version only.
package charts

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/repo/v1"

	"github.com/meshloom/meshloom/test/binaries"
)

// Folders of the repositories, which are also their paths at the server.
const (
	// Good holds both versions of all charts.
	Good = "good"
	// Broken holds the same, but its newer istiod fails half way: the API
	// server refuses one of the last of its objects.
	Broken = "broken"
)

// Namespace is where the server of the repositories runs.
const Namespace = "charts"

// Manifests are the objects of the server of the repositories.
//
//go:embed server.yaml
var Manifests []byte

// URL is where pods of the cluster find a repository.
func URL(repository string) string {
	return "http://charts." + Namespace + ".svc.cluster.local/" + repository
}

// paths of the charts in Istio's source.
var paths = []string{"base", "istio-control/istio-discovery", "gateway"}

// control is the chart that Broken breaks.
const control = "istiod"

// epoch is the time that everything packed bears, so that the same charts give
// the same files.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Write fills dir with the repositories.
func Write(ctx context.Context, dir string) error {
	for _, version := range []string{binaries.PreviousIstioVersion, binaries.IstioVersion} {
		source, err := binaries.IstioSource(ctx, version)
		if err != nil {
			return err
		}
		for _, path := range paths {
			if err := pack(filepath.Join(source, "manifests", "charts", path), version, dir); err != nil {
				return err
			}
		}
	}
	for _, repository := range []string{Good, Broken} {
		if err := index(filepath.Join(dir, repository)); err != nil {
			return err
		}
	}
	return nil
}

// pack writes one chart of one version into both repositories, as Istio's own
// release does: the charts of its source have no version, and the tag of its
// images is none of a release.
func pack(path, version, dir string) error {
	c, err := loader.Load(path)
	if err != nil {
		return fmt.Errorf("load chart %s: %w", path, err)
	}
	c.Metadata.Version, c.Metadata.AppVersion = version, version
	if err := tag(c, version); err != nil {
		return fmt.Errorf("tag chart %s: %w", path, err)
	}
	stamp(c)
	if _, err := util.Save(c, filepath.Join(dir, Good)); err != nil {
		return fmt.Errorf("pack chart %s: %w", path, err)
	}
	if c.Name() == control && version == binaries.IstioVersion {
		c.Templates = append(c.Templates, &common.File{Name: "templates/refused.yaml", ModTime: epoch, Data: []byte(refused)})
	}
	if _, err := util.Save(c, filepath.Join(dir, Broken)); err != nil {
		return fmt.Errorf("pack chart %s: %w", path, err)
	}
	return nil
}

// tag puts the version where the values name the tag of images.
func tag(c *chart.Chart, version string) error {
	const unreleased = "tag: latest\n"
	for _, f := range c.Raw {
		if f.Name != util.ValuesfileName || c.Name() != control {
			continue
		}
		if bytes.Count(f.Data, []byte(unreleased)) != 1 {
			return fmt.Errorf("find %q in %s once", unreleased, f.Name)
		}
		f.Data = bytes.ReplaceAll(f.Data, []byte(unreleased), []byte("tag: "+version+"\n"))
	}
	return nil
}

func stamp(c *chart.Chart) {
	c.ModTime, c.SchemaModTime = epoch, epoch
	for _, files := range [][]*common.File{c.Raw, c.Templates, c.Files} {
		for _, f := range files {
			f.ModTime = epoch
		}
	}
}

// refused is written after Deployments and before webhooks, and not admitted:
// an Ingress needs a backend for each path.
const refused = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: refused
  namespace: {{ .Release.Namespace }}
spec:
  rules: [{http: {paths: [{path: no-slash, pathType: Prefix, backend: {}}]}}]
`

func index(dir string) error {
	list, err := repo.IndexDirectory(dir, "")
	if err != nil {
		return fmt.Errorf("index %s: %w", dir, err)
	}
	list.Generated = epoch
	for _, versions := range list.Entries {
		for _, v := range versions {
			v.Created = epoch
		}
	}
	list.SortEntries()
	if err := list.WriteFile(filepath.Join(dir, "index.yaml"), 0o644); err != nil {
		return fmt.Errorf("index %s: %w", dir, err)
	}
	return nil
}

// Files are all files of dir, by their paths below it.
func Files(dir string) (map[string]string, error) {
	files := map[string]string{}
	for _, repository := range []string{Good, Broken} {
		entries, err := os.ReadDir(filepath.Join(dir, repository))
		if err != nil {
			return nil, fmt.Errorf("list repository: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(repository, e.Name())
			files[path] = filepath.Join(dir, path)
		}
	}
	return files, nil
}
