// Package arch holds the rules of the tree that no linter knows: where the
// name of a mesh may stand, what the pure core may import, how large and how
// deep things may grow. Each rule is a function from the files of a tree to
// findings; the package's test runs all of them on this repository, and each
// on small trees that break it.
package arch

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is the path of the module whose tree is checked.
const Module = "github.com/meshloom/meshloom"

// Rule is one promise about the tree.
type Rule struct {
	Name string
	// Check returns what breaks the rule.
	Check func(*Tree) []Finding
}

// Rules lists every rule.
var Rules = []Rule{
	{"mesh names stay home", meshNames},
	{"translators are pure", purity},
	{"go.mod replaces nothing", replaces},
	{"no init functions", inits},
	{"packages are named after what they hold", packageNames},
	{"packages say what they are", packageDocs},
	{"files are small", fileSizes},
	{"functions are short", functionSizes},
	{"folders are shallow", depth},
	{"nothing is left for later", markers},
	{"tests do not skip", skips},
}

// Finding is one place that breaks a rule.
type Finding struct {
	Path    string
	Line    int
	Message string
}

// String formats the finding as compilers do.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.Path, f.Line, f.Message)
}

// Tree is the text of a repository.
type Tree struct {
	Files []*File
	fset  *token.FileSet
}

// File is one text file.
type File struct {
	// Path is relative to the root, with slashes.
	Path string
	Text string
	// Go is the parsed file; nil for files of other languages.
	Go *ast.File
}

// Load reads all text files below the root. Hidden folders but .ci, what make
// builds, and Node's modules are left out.
func Load(root fs.FS) (*Tree, error) {
	tree := &Tree{fset: token.NewFileSet()}
	err := fs.WalkDir(root, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if leftOut(p) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		return tree.add(root, p)
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return tree, nil
}

func leftOut(dir string) bool {
	name := path.Base(dir)
	hidden := strings.HasPrefix(name, ".") && name != "." && name != ".ci"
	return hidden || dir == "bin" || name == "node_modules"
}

func (t *Tree) add(root fs.FS, p string) error {
	text, err := fs.ReadFile(root, p)
	if err != nil {
		return fmt.Errorf("read %s: %w", p, err)
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return nil
	}
	file := &File{Path: p, Text: string(text)}
	if path.Ext(p) == ".go" && !within(p, "testdata") {
		if file.Go, err = parser.ParseFile(t.fset, p, text, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return fmt.Errorf("parse %s: %w", p, err)
		}
	}
	t.Files = append(t.Files, file)
	return nil
}

// IsTest reports whether the file belongs to tests only.
func (f *File) IsTest() bool {
	return strings.HasSuffix(f.Path, "_test.go") || within(f.Path, "testdata")
}

// IsGenerated reports whether a program wrote the Go file.
func (f *File) IsGenerated() bool {
	return f.Go != nil && ast.IsGenerated(f.Go)
}

// written yields the Go files that people wrote in the product and its tests;
// modules that only pin tools are not ours to shape.
func (t *Tree) written() []*File {
	return slices.DeleteFunc(slices.Clone(t.Files), func(f *File) bool {
		return f.Go == nil || f.IsGenerated() || strings.HasPrefix(f.Path, "hack/tools/")
	})
}

// at makes a finding at a position of a parsed file.
func (t *Tree) at(pos token.Pos, format string, args ...any) Finding {
	p := t.fset.Position(pos)
	return Finding{Path: p.Filename, Line: p.Line, Message: fmt.Sprintf(format, args...)}
}

// within reports whether a folder of that name is on the path.
func within(p, folder string) bool {
	return slices.Contains(strings.Split(path.Dir(p), "/"), folder)
}

// sorted orders findings as a reader goes through the tree.
func sorted(findings []Finding) []Finding {
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return findings
}
