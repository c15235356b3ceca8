// Package images writes container images without Docker, as archives that
// containerd imports without a registry.
//
// An image is one layer of files that are already on this machine: programs
// of ours, and what Istio's pods need. The same content gives the same archive
// under the same name, which is written once.
package images

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Image is what an image holds and how a container of it starts.
type Image struct {
	// Name is the whole name with a tag: docker.io/local/bookinfo:1.
	Name       string
	Files      []File
	Entrypoint []string
	Cmd        []string
	// User is "uid:gid". Kubernetes asks for it where a pod says runAsNonRoot
	// and gives no uid.
	User string
}

// Archive makes sure that dir holds the image as a docker-archive and returns
// its path, which names the content.
func (i Image) Archive(dir string) (string, error) {
	digest, err := i.digest()
	if err != nil {
		return "", fmt.Errorf("digest image %s: %w", i.Name, err)
	}
	base := strings.NewReplacer("/", "_", ":", "_").Replace(i.Name)
	path := filepath.Join(dir, base+"@"+digest[:16]+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make folder for images: %w", err)
	}
	if err := i.write(dir, path); err != nil {
		return "", fmt.Errorf("write image %s: %w", i.Name, err)
	}
	return path, forgetOld(filepath.Join(dir, base+"@*.tar"), path)
}

// write puts the archive in place whole or not at all.
func (i Image) write(dir, path string) error {
	layerFile, err := os.CreateTemp(dir, "layer-*")
	if err != nil {
		return err
	}
	defer os.Remove(layerFile.Name())
	defer layerFile.Close()
	if err := writeLayer(layerFile, i.Files); err != nil {
		return err
	}
	image, err := i.build(layerFile.Name())
	if err != nil {
		return err
	}
	tag, err := name.NewTag(i.Name)
	if err != nil {
		return err
	}
	out, err := os.CreateTemp(dir, "archive-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	if err := tarball.Write(tag, image, out); err != nil {
		return err
	}
	// Whoever imports it may be another user.
	if err := out.Chmod(0o644); err != nil {
		return err
	}
	return os.Rename(out.Name(), path)
}

func (i Image) build(layerFile string) (v1.Image, error) {
	// An archive on the same machine is read once: packing it costs more than
	// it saves.
	layer, err := tarball.LayerFromFile(layerFile, tarball.WithCompressionLevel(0))
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", architecture
	file.Config.User = i.User
	file.Config.Entrypoint = i.Entrypoint
	file.Config.Cmd = i.Cmd
	file.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	return mutate.ConfigFile(image, file)
}

// digest is over the configuration and the content of all files.
func (i Image) digest() (string, error) {
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode(i); err != nil {
		return "", err
	}
	for _, f := range i.Files {
		if f.From == "" {
			continue
		}
		if err := copyFile(sum, f.From); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// forgetOld removes archives of other content that nobody has written for a
// day, so that a folder of images does not grow with every build.
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
