// Package images makes the container images that tests and the demo put on
// clusters: programs of ours, and what Istio's pods need.
//
// They are archives that containerd imports without a registry. The same
// content gives the same archive under the same name, which is written once.
package images

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/meshloom/meshloom/test/cluster/image"
)

// Archive makes sure that dir holds the image as a docker-archive and returns
// its path, which names the content.
func Archive(dir string, spec image.Spec) (string, error) {
	digest, err := digest(spec)
	if err != nil {
		return "", fmt.Errorf("digest image %s: %w", spec.Name, err)
	}
	base := strings.NewReplacer("/", "_", ":", "_").Replace(spec.Name)
	path := filepath.Join(dir, base+"@"+digest[:16]+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make folder for images: %w", err)
	}
	if err := write(path, spec); err != nil {
		return "", err
	}
	return path, forgetOld(filepath.Join(dir, base+"@*.tar"), path)
}

// write puts the archive in place whole or not at all.
func write(path string, spec image.Spec) error {
	scratch, err := os.MkdirTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return fmt.Errorf("make folder for image: %w", err)
	}
	defer os.RemoveAll(scratch)
	partial := filepath.Join(scratch, "image.tar")
	if err := image.Write(partial, spec); err != nil {
		return err
	}
	return os.Rename(partial, path)
}

// digest is over the configuration and over the content of the files, not
// over where on this machine they come from.
func digest(spec image.Spec) (string, error) {
	sum := sha256.New()
	config := spec
	config.Files = nil
	if err := json.NewEncoder(sum).Encode(config); err != nil {
		return "", err
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Files)) {
		if err := addFile(sum, path, spec.Files[path]); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addFile(sum io.Writer, path, source string) error {
	f, err := os.Open(source)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	fmt.Fprintln(sum, path, info.Size(), info.Mode().Perm()&0o111 != 0)
	_, err = io.Copy(sum, f)
	return err
}

// forgetOld removes archives of other content that were written more than a
// day ago, so that a folder of images does not grow with every build.
func forgetOld(pattern, keep string) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || path == keep || time.Since(info.ModTime()) < 24*time.Hour {
			continue
		}
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("remove old image: %w", err)
		}
	}
	return nil
}
