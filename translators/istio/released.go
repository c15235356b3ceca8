package istio

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"istio.io/istio/manifests"
)

// hub is where the images of released versions are.
const hub = "docker.io/istio"

// charts are Istio's charts as they were released with the version that the
// catalog calls embedded.
func charts() fs.FS { return released{manifests.FS, embeddedVersion()} }

// released is the charts of Istio's source with what Istio's release puts into
// them: the version of the chart, and where its images are. The sizes that
// folders list are those of the source.
type released struct {
	source  fs.FS
	version string
}

// Open opens a file of a chart.
func (r released) Open(name string) (fs.File, error) {
	file, err := r.source.Open(name)
	if err != nil || !strings.HasPrefix(name, "charts/") {
		return file, err
	}
	var replace *strings.Replacer
	switch path.Base(name) {
	case "Chart.yaml":
		replace = strings.NewReplacer("ersion: 1.0.0\n", "ersion: "+r.version+"\n")
	case "values.yaml":
		replace = strings.NewReplacer(
			"hub: registry.istio.io/testing\n", "hub: "+hub+"\n",
			"tag: latest\n", "tag: "+r.version+"\n")
	default:
		return file, nil
	}
	return rewritten(file, replace)
}

// rewritten reads the file, closes it, and returns one with the text replaced.
func rewritten(file fs.File, replace *strings.Replacer) (fs.File, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat chart file: %w", err)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(file); err != nil {
		return nil, fmt.Errorf("read chart file %s: %w", info.Name(), err)
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("close chart file %s: %w", info.Name(), err)
	}
	data := replace.Replace(text.String())
	return &memoryFile{strings.NewReader(data), memoryInfo{info.Name(), int64(len(data))}}, nil
}

// memoryFile is a file whose content is not the one in the file system.
type memoryFile struct {
	*strings.Reader
	info memoryInfo
}

// Stat describes the file.
func (f *memoryFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Close does nothing.
func (f *memoryFile) Close() error { return nil }

// memoryInfo describes a memoryFile.
type memoryInfo struct {
	name string
	size int64
}

func (i memoryInfo) Name() string     { return i.name }
func (i memoryInfo) Size() int64      { return i.size }
func (memoryInfo) Mode() fs.FileMode  { return 0o444 }
func (memoryInfo) ModTime() time.Time { return time.Time{} }
func (memoryInfo) IsDir() bool        { return false }
func (memoryInfo) Sys() any           { return nil }
