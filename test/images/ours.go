package images

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/meshloom/meshloom/test/charts"
	"github.com/meshloom/meshloom/test/cluster/image"
)

// Names of our images. They are never pulled: no registry has them.
const (
	BookinfoName = "docker.io/local/bookinfo:1"
	LoadName     = "docker.io/local/load:1"
	ChartsName   = "docker.io/local/charts:1"
)

// nobody is who our own programs run as.
const nobody = "65532:65532"

// Bookinfo writes the image of examples/bookinfo into dir and returns the
// archive's path. Its pods hold the load client as /load, so that requests can
// be made from inside each of them.
func Bookinfo(ctx context.Context, dir string) (string, error) {
	spec := image.Spec{Name: BookinfoName, User: nobody, Entrypoint: []string{"/bookinfo"}}
	return build(ctx, dir, spec, map[string]string{"/bookinfo": "examples/bookinfo/app", "/load": "test/load/cmd"})
}

// Load writes the image of the echo server and load client into dir and
// returns the archive's path. A container of it serves an echo on 8080 where
// its arguments say nothing else.
func Load(ctx context.Context, dir string) (string, error) {
	spec := image.Spec{Name: LoadName, User: nobody, Entrypoint: []string{"/load", "serve"}}
	return build(ctx, dir, spec, map[string]string{"/load": "test/load/cmd"})
}

// Charts writes the image of a server of Istio's charts, on port 8080, into dir
// and returns the archive's path.
func Charts(ctx context.Context, dir string) (string, error) {
	scratch, err := os.MkdirTemp("", "charts-*")
	if err != nil {
		return "", fmt.Errorf("make folder for charts: %w", err)
	}
	defer os.RemoveAll(scratch)
	if err := charts.Write(ctx, scratch); err != nil {
		return "", err
	}
	files, err := charts.Files(scratch)
	if err != nil {
		return "", err
	}
	spec := image.Spec{Name: ChartsName, User: nobody, Entrypoint: []string{"/charts-server"}, Files: map[string]string{}}
	for path, source := range files {
		spec.Files["/charts/"+path] = source
	}
	return build(ctx, dir, spec, map[string]string{"/charts-server": "test/charts/cmd"})
}

// build makes commands of this module, given by their paths in the image, and
// writes the image with them.
func build(ctx context.Context, dir string, spec image.Spec, commands map[string]string) (string, error) {
	scratch, err := os.MkdirTemp("", "image-*")
	if err != nil {
		return "", fmt.Errorf("make folder for programs: %w", err)
	}
	defer os.RemoveAll(scratch)
	if spec.Files == nil {
		spec.Files = map[string]string{}
	}
	for _, path := range slices.Sorted(maps.Keys(commands)) {
		spec.Files[path] = filepath.Join(scratch, path)
		pkg := "github.com/meshloom/meshloom/" + commands[path]
		cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-ldflags", "-s -w", "-o", spec.Files[path], pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w: %s", pkg, err, text)
		}
	}
	return Archive(dir, spec)
}
