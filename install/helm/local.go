package helm

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
)

// local reads a chart from a folder or a packed chart. It is read every time,
// for it may have been edited.
func local(path string) (files, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errors.New("there is no such path: it must exist where Meshloom runs, as a chart's folder or a .tgz")
	}
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	if !info.IsDir() {
		packed, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read chart: %w", err)
		}
		return unpack(packed)
	}
	chart, err := loader.LoadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read chart: %w", err)
	}
	found := make(files, len(chart.Raw))
	for i, f := range chart.Raw {
		found[i] = &archive.BufferedFile{Name: f.Name, Data: f.Data}
	}
	return found, nil
}

// unpack reads the files of a packed chart.
func unpack(packed []byte) (files, error) {
	found, err := archive.LoadArchiveFiles(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack chart: %w", err)
	}
	return found, nil
}
