package binaries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ModuleDir returns the source folder of a module that a tools module
// requires, and downloads it when it is not there: charts and CRDs are read
// from it. toolsModule is the name of a folder of hack/tools, or empty for the
// product's own module.
func ModuleDir(ctx context.Context, toolsModule, module string) (string, error) {
	dir, err := moduleRoot(toolsModule)
	if err != nil {
		return "", err
	}
	if _, err := goCommand(ctx, dir, "mod", "download", module); err != nil {
		return "", fmt.Errorf("download module %s: %w", module, err)
	}
	out, err := goCommand(ctx, dir, "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", fmt.Errorf("find module %s: %w", module, err)
	}
	return strings.TrimSpace(out), nil
}

func moduleRoot(name string) (string, error) {
	if name == "" {
		return Repository()
	}
	return toolsModule(name)
}

// toolsModule returns the folder of one of the modules below hack/tools.
func toolsModule(name string) (string, error) {
	root, err := Repository()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "hack", "tools", name), nil
}

// Repository finds the root of the working tree above the current folder:
// tests run in the folder of their package, the commands anywhere in the tree.
func Repository() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "hack", "tools", "kubernetes", "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("find repository: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find repository: no folder above %s has hack/tools/kubernetes; run from inside the repository", start)
		}
	}
}

// goCommand runs the go tool in a module and returns what it prints. cgo is
// off: all programs are static, and one setting shares one build cache.
func goCommand(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	return output(cmd)
}

// output runs a command and returns its standard output; the error carries the
// end of what it wrote to standard error.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run %s: %w: %s", filepath.Base(cmd.Path), err, tail(stderr.String()))
	}
	return stdout.String(), nil
}

// tail keeps the last lines of a command's complaint: the cause is at its end.
func tail(text string) string {
	const lines = 20
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
