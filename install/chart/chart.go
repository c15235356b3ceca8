// Package chart holds Meshloom's own Helm chart: the one source of `helm
// install`, of the plain manifests and of `meshctl install`.
package chart

import (
	"embed"
	"fmt"
	"io/fs"
)

// Name of the chart, of the release that it is installed as, and the namespace
// of that release, where nothing else is asked for.
const (
	Name      = "meshloom"
	Release   = "meshloom"
	Namespace = "meshloom-system"
)

// The Deployments of the chart.
const (
	Operator  = "meshloom-operator"
	Installer = "meshloom-installer"
)

// FS is the folder of the chart.
//
//go:embed .helmignore Chart.yaml values.yaml values.schema.json README.md all:templates files
var FS embed.FS

// Files returns the files of the chart by their paths in it, which have
// slashes on every system.
func Files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[path], err = FS.ReadFile(path)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read chart %s: %w", Name, err)
	}
	return files, nil
}
