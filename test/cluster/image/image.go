// Package image writes container images from files of this machine, without a
// builder or a registry: one layer, as a docker-archive tar that containerd
// imports. The same files give the same bytes.
package image

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Spec says what is in an image.
type Spec struct {
	// Name is the full name with a tag that is not latest, such as
	// docker.io/local/pause:1. Pods that use it need imagePullPolicy Never or
	// IfNotPresent.
	Name string
	// Files maps paths in the image to files of this machine. Symbolic links
	// are followed; only whether a file may be executed is kept of its mode.
	Files map[string]string
	// Links maps paths in the image to what the symbolic link there points to.
	Links map[string]string

	Entrypoint []string
	Env        []string
	// User must be a number where the pod says runAsNonRoot.
	User   string
	Labels map[string]string
}

// Write writes the image to a new file, replacing an old one.
func Write(path string, spec Spec) error {
	tag, err := name.NewTag(spec.Name, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("parse image name: %w", err)
	}
	img, err := spec.image()
	if err != nil {
		return fmt.Errorf("assemble image %s: %w", spec.Name, err)
	}
	if err := tarball.WriteToFile(path, tag, img); err != nil {
		return fmt.Errorf("write image %s: %w", spec.Name, err)
	}
	return nil
}

func (s Spec) image() (v1.Image, error) {
	// Compression costs more than it saves: the archive never leaves the machine.
	layer, err := tarball.LayerFromOpener(s.open, tarball.WithCompressionLevel(gzip.NoCompression))
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config = v1.Config{Entrypoint: s.Entrypoint, Env: s.Env, User: s.User, Labels: s.Labels}
	return mutate.ConfigFile(img, file)
}

// open returns the layer's tar as a stream: layers are larger than is good to
// hold in memory, and they are read several times.
func (s Spec) open() (io.ReadCloser, error) {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(s.writeLayer(writer)) }()
	return reader, nil
}

func (s Spec) writeLayer(w io.Writer) error {
	layer := tar.NewWriter(w)
	for _, dest := range slices.Sorted(maps.Keys(s.Files)) {
		if err := addFile(layer, dest, s.Files[dest]); err != nil {
			return fmt.Errorf("add %s: %w", dest, err)
		}
	}
	for _, dest := range slices.Sorted(maps.Keys(s.Links)) {
		header := &tar.Header{Typeflag: tar.TypeSymlink, Name: strings.TrimPrefix(dest, "/"), Linkname: s.Links[dest], Mode: 0o777}
		if err := layer.WriteHeader(header); err != nil {
			return fmt.Errorf("add %s: %w", dest, err)
		}
	}
	return layer.Close()
}

func addFile(layer *tar.Writer, dest, source string) (err error) {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if info.Mode()&0o111 != 0 {
		mode = 0o755
	}
	header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(dest, "/"), Size: info.Size(), Mode: mode}
	if err := layer.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(layer, file)
	return err
}
