package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Names of the images. They are never pulled: the registry does not exist.
const (
	BookinfoName = "docker.io/local/bookinfo:1"
	LoadName     = "docker.io/local/load:1"
	OperatorName = "docker.io/local/meshloom-operator:1"
	PilotName    = "docker.io/local/pilot:"
	ProxyName    = "docker.io/local/proxyv2:"
)

// nobody is who our own programs run as.
const nobody = "65532:65532"

// Bookinfo writes the image of examples/bookinfo into dir and returns the
// archive's path. Its pods hold the load client as /load, so that requests can
// be made from inside each of them.
func Bookinfo(ctx context.Context, dir string) (string, error) {
	return build(ctx, dir, Image{Name: BookinfoName, User: nobody, Entrypoint: []string{"/bookinfo"}},
		program{"/bookinfo", "examples/bookinfo/app"}, program{"/load", "test/load/cmd"})
}

// Load writes the image of the echo server and load client into dir and
// returns the archive's path. Without arguments it serves an echo on 8080.
func Load(ctx context.Context, dir string) (string, error) {
	return build(ctx, dir, Image{Name: LoadName, User: nobody, Entrypoint: []string{"/load"}, Cmd: []string{"serve"}},
		program{"/load", "test/load/cmd"})
}

// Operator writes the image of the operator into dir, from a static binary
// that is built already, and returns the archive's path.
func Operator(binary, dir string) (string, error) {
	return Image{
		Name: OperatorName, User: nobody, Entrypoint: []string{"/operator"},
		Files: []File{{Path: "/operator", From: binary}},
	}.Archive(dir)
}

// program is a command of this module and where it lies in an image.
type program struct{ path, pkg string }

func build(ctx context.Context, dir string, image Image, programs ...program) (string, error) {
	scratch, err := os.MkdirTemp("", "image-*")
	if err != nil {
		return "", fmt.Errorf("make folder for programs: %w", err)
	}
	defer os.RemoveAll(scratch)
	for _, p := range programs {
		out := filepath.Join(scratch, p.path)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, module+"/"+p.pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %w: %s", p.pkg, err, text)
		}
		image.Files = append(image.Files, File{Path: p.path, From: out})
	}
	return image.Archive(dir)
}

const module = "github.com/meshloom/meshloom"
