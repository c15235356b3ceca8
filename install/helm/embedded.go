package helm

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
)

// embedded reads a chart out of those that come with the binary.
func embedded(charts fs.FS, folder string) (files, error) {
	if charts == nil || folder == "" {
		return nil, errors.New("no such chart comes with it: name a repository, a path or a bundle in helm.chartSource")
	}
	var found files
	err := fs.WalkDir(charts, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(charts, path)
		if err != nil {
			return err
		}
		found = append(found, &archive.BufferedFile{Name: strings.TrimPrefix(path, folder+"/"), Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", folder, err)
	}
	return found, nil
}
