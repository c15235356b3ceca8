package arch

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	maxFileLines     = 500
	maxFunctionLines = 80
	maxDepth         = 3
)

// vague are names that say nothing of what is inside and so attract all.
var vague = []string{"util", "utils", "common", "helper", "helpers", "base", "misc", "shared", "lib", "pkg"}

// inits refuses init functions: what runs before main cannot be ordered,
// passed anything or left out.
func inits(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		for _, decl := range f.Go.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				found = append(found, t.at(fn.Pos(), "declares init: build the value where it is used, or in a list that names all"))
			}
		}
	}
	return found
}

// packageNames refuses packages and folders with vague names.
func packageNames(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		name := strings.TrimSuffix(f.Go.Name.Name, "_test")
		for _, part := range append(strings.Split(path.Dir(f.Path), "/"), name) {
			if slices.Contains(vague, part) {
				found = append(found, t.at(f.Go.Name.Pos(), "%q says nothing: name the package after what it holds", part))
				break
			}
		}
	}
	return found
}

// packageDocs asks each package for a doc comment.
func packageDocs(t *Tree) []Finding {
	documented := map[string]bool{}
	first := map[string]*File{}
	for _, f := range t.written() {
		dir := path.Dir(f.Path)
		documented[dir] = documented[dir] || f.Go.Doc != nil
		if first[dir] == nil {
			first[dir] = f
		}
	}
	var found []Finding
	for dir, f := range first {
		if !documented[dir] {
			found = append(found, t.at(f.Go.Name.Pos(), "package %s has no doc comment: say in a few sentences what it promises", f.Go.Name.Name))
		}
	}
	return sorted(found)
}

// fileSizes bounds the length of Go files, tests included.
func fileSizes(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		if lines := strings.Count(f.Text, "\n"); lines > maxFileLines {
			found = append(found, Finding{f.Path, lines, fmt.Sprintf("%d lines are more than %d: split the file by concept", lines, maxFileLines)})
		}
	}
	return found
}

// functionSizes bounds the body of functions. In tests it does not: a table
// of cases is data.
func functionSizes(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		if f.IsTest() {
			continue
		}
		for _, decl := range f.Go.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if lines := t.fset.Position(fn.Body.End()).Line - t.fset.Position(fn.Body.Pos()).Line - 1; lines > maxFunctionLines {
				found = append(found, t.at(fn.Pos(), "%s has %d lines, more than %d: give its parts names", fn.Name.Name, lines, maxFunctionLines))
			}
		}
	}
	return found
}

// depth bounds how deep packages are nested.
func depth(t *Tree) []Finding {
	var found []Finding
	seen := map[string]bool{}
	for _, f := range t.written() {
		dir := path.Dir(f.Path)
		if parts := strings.Count(dir, "/") + 1; parts > maxDepth && !seen[dir] && !within(f.Path, "testdata") {
			seen[dir] = true
			found = append(found, Finding{f.Path, 1, fmt.Sprintf("%s is %d folders deep, more than %d", dir, parts, maxDepth)})
		}
	}
	return found
}

// marker matches words by which work is put off.
var marker = regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)

// markers refuses comments that put work off: it is done, or it is an issue.
func markers(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		for _, group := range f.Go.Comments {
			for _, comment := range group.List {
				if word := marker.FindString(comment.Text); word != "" {
					found = append(found, t.at(comment.Pos(), "%s: do it, or open an issue", word))
				}
			}
		}
	}
	return found
}

// skips refuses tests that leave themselves out, since nobody reads what a
// passing run skipped. What needs an engine carries the build tag e2e and
// prints NOT RUN. A fuzz target may skip an input.
func skips(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.written() {
		if !f.IsTest() || hasTag(f, "e2e") {
			continue
		}
		ast.Inspect(f.Go, func(n ast.Node) bool {
			if fn, ok := n.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				return false
			}
			if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
				found = append(found, t.at(sel.Pos(), "skips a test: fail with what is missing, or move it behind the build tag e2e"))
			}
			return true
		})
	}
	return found
}

// hasTag reports whether the file is built with the tag only.
func hasTag(f *File, tag string) bool {
	head, _, _ := strings.Cut(f.Text, "package ")
	return strings.Contains(head, "//go:build "+tag)
}
