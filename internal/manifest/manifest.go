// Package manifest reads Kubernetes objects from files, folders and streams,
// strictly: an object of the unified API with an unknown field or one that an
// API server would refuse is an error that names file, object and field.
package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Stdin is the path that stands for standard input.
const Stdin = "-"

// maxBytes bounds one file: what is larger is no manifest that a person wrote.
const maxBytes = 32 << 20

// Object is an object and where it was read.
type Object struct {
	client.Object
	// File is the path as the user gave it, Line where the document begins.
	File string
	Line int
}

// Position returns file:line.
func (o Object) Position() string { return fmt.Sprintf("%s:%d", o.File, o.Line) }

// Set is what was read.
type Set struct {
	Objects []Object
	// Ignored counts the objects of kinds that Meshloom does not read, by kind.
	Ignored map[string]int
}

// Reader reads manifests.
type Reader struct {
	// Stdin is read for the path "-".
	Stdin io.Reader
	// Namespace of namespaced objects that name none; "default" where empty.
	Namespace string
}

// Read reads every path: a file, a folder with all its .yaml, .yml and .json
// files below it, or "-". All errors are reported, joined; then there is no
// Set. An object that stands twice is an error.
func (r Reader) Read(paths ...string) (*Set, error) {
	d := &decoder{namespace: r.Namespace, set: &Set{Ignored: map[string]int{}}, seen: map[string]Object{}}
	if d.namespace == "" {
		d.namespace = "default"
	}
	var errs []error
	for _, path := range paths {
		files, err := r.expand(path)
		if err != nil {
			errs = append(errs, err)
		}
		for _, file := range files {
			errs = append(errs, r.readFile(d, file))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return d.set, nil
}

// expand returns the files that a path stands for, sorted.
func (r Reader) expand(path string) ([]string, error) {
	if path == Stdin {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && p != path && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case entry.Type().IsRegular() && isManifest(entry.Name()):
			files = append(files, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w", path, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read folder %s: it has no .yaml, .yml or .json file", path)
	}
	slices.Sort(files)
	return files, nil
}

func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

func (r Reader) readFile(d *decoder, path string) error {
	if path == Stdin {
		if r.Stdin == nil {
			return errors.New("read standard input: there is none")
		}
		return d.decode("<stdin>", r.Stdin)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read manifests: %w", err)
	}
	defer func() { _ = f.Close() }()
	return d.decode(path, f)
}
