package binaries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// program is one main package and the file name it gets.
type program struct{ name, pkg string }

// toolset is a set of programs built from one module below hack/tools. Its
// programs land in one folder of the cache.
type toolset struct {
	name     string // first part of the folder's name in the cache
	module   string // the module's folder
	programs []program
	links    []string // files of other folders that the set's folder holds too
	ldflags  string
}

func newToolset(name, module string, programs []program) (*toolset, error) {
	dir, err := toolsModule(module)
	if err != nil {
		return nil, err
	}
	return &toolset{name: name, module: dir, programs: programs, ldflags: "-s -w"}, nil
}

// stamp sets string variables of one package at link time.
func (s *toolset) stamp(pkg string, values map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s.ldflags += fmt.Sprintf(" -X %s.%s=%s", pkg, name, values[name])
	}
}

// requirement returns the version at which the set's go.mod requires a module.
func (s *toolset) requirement(module string) (string, error) {
	file := filepath.Join(s.module, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read requirements: %w", err)
	}
	line := regexp.MustCompile(`(?m)^(?:require)?\s+` + regexp.QuoteMeta(module) + ` (v\S+)$`)
	found := line.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("find module %s in %s: it is not required there", module, file)
	}
	return string(found[1]), nil
}

// majorMinor cuts a version such as v1.37.2 into "1" and "37".
func majorMinor(version string) (major, minor string, err error) {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 3 {
		return "", "", fmt.Errorf("parse version %q: want vMAJOR.MINOR.PATCH", version)
	}
	return parts[0], parts[1], nil
}

// dir returns the folder that holds the set's programs, building them when
// the cache does not have them.
func (s *toolset) dir(ctx context.Context, progress io.Writer) (string, error) {
	key, err := s.key()
	if err != nil {
		return "", fmt.Errorf("hash sources of %s: %w", s.name, err)
	}
	return entry{
		name: s.name + "-" + key,
		lock: "build",
		fill: func(ctx context.Context, dir string, out io.Writer) error { return s.build(ctx, dir, out) },
	}.get(ctx, progress)
}

// key is a hash of everything that decides what the programs are: the module's
// own files (go.mod and go.sum pin the rest), what is built of it and how.
func (s *toolset) key() (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), runtime.GOOS, runtime.GOARCH, s.ldflags, s.programs)
	for _, link := range s.links {
		// The folder's name says what the file is, wherever the cache is.
		fmt.Fprintln(hash, filepath.Base(filepath.Dir(link)), filepath.Base(link))
	}
	err := filepath.WalkDir(s.module, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(s.module, path)
		fmt.Fprintln(hash, rel, len(text))
		hash.Write(text)
		return err
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// build makes the programs one after another: two links of this size at the
// same time need more memory than a small machine has.
func (s *toolset) build(ctx context.Context, dir string, progress io.Writer) error {
	for _, link := range s.links {
		if err := os.Link(link, filepath.Join(dir, filepath.Base(link))); err != nil {
			return fmt.Errorf("link %s: %w", filepath.Base(link), err)
		}
	}
	for _, p := range s.programs {
		out := filepath.Join(dir, p.name)
		args := []string{"build", "-mod=readonly", "-buildvcs=false", "-ldflags", s.ldflags, "-o", out, p.pkg}
		err := step(progress, "build "+p.name, func() error {
			_, err := goCommand(ctx, s.module, args...)
			return err
		})
		if err != nil {
			return fmt.Errorf("build %s: %w", p.name, err)
		}
	}
	return nil
}
