// Package manifest reads Kubernetes objects from files, folders and streams,
// strictly: an object of the unified API with an unknown field or one that an
// API server would refuse is an error that names file, object and field.
package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
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

// id names the object among all that were read.
func (o Object) id() string {
	return o.GetObjectKind().GroupVersionKind().GroupKind().String() + "/" + o.GetNamespace() + "/" + o.GetName()
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
// files below it, or "-". Files are read side by side; objects and errors stand
// in the order of the files. All errors are reported, joined; then there is no
// Set. An object that stands twice is an error.
func (r Reader) Read(paths ...string) (*Set, error) {
	var files []string
	var errs []error
	for _, path := range paths {
		if path == Stdin && slices.Contains(files, Stdin) {
			errs = append(errs, errors.New("read standard input: - is given twice"))
			continue
		}
		more, err := r.expand(path)
		files, errs = append(files, more...), append(errs, err)
	}
	streams := make([]stream, len(files))
	var reading errgroup.Group
	reading.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		reading.Go(func() error {
			streams[i] = r.readFile(file)
			return nil // every file is read, and the errors of all are told
		})
	}
	if err := reading.Wait(); err != nil {
		return nil, err
	}
	set, err := join(streams)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return set, nil
}

// join puts what the files hold together.
func join(streams []stream) (*Set, error) {
	set := &Set{Ignored: map[string]int{}}
	seen := map[string]Object{}
	var errs []error
	for _, s := range streams {
		errs = append(errs, s.errs...)
		for _, obj := range s.objects {
			if first, ok := seen[obj.id()]; ok {
				errs = append(errs, fmt.Errorf("%s: %s: stands already at %s; remove one of them", obj.Position(), name(obj), first.Position()))
				continue
			}
			seen[obj.id()] = obj
			set.Objects = append(set.Objects, obj)
		}
		for kind, count := range s.ignored {
			set.Ignored[kind] += count
		}
	}
	return set, errors.Join(errs...)
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

func (r Reader) readFile(path string) stream {
	s := stream{file: path, namespace: cmp.Or(r.Namespace, "default"), ignored: map[string]int{}}
	if path == Stdin {
		s.file = "<stdin>"
		if r.Stdin == nil {
			s.fail(errors.New("read standard input: there is none"))
			return s
		}
		s.decode(r.Stdin)
		return s
	}
	f, err := os.Open(path)
	if err != nil {
		s.fail(fmt.Errorf("read manifests: %w", err))
		return s
	}
	s.decode(f)
	_ = f.Close()
	return s
}
