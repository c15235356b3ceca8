package all_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

// TestFacts holds the facts that providers document to those that their code
// reads: users give facts by name, and whatever else they name is refused.
func TestFacts(t *testing.T) {
	total := 0
	for _, p := range all.Providers() {
		var documented []string
		for _, fact := range p.Facts {
			documented = append(documented, fact.Name)
			if fact.Doc == "" {
				t.Errorf("%s does not say what %s is", p.Name, fact.Name)
			}
		}
		if !slices.IsSorted(documented) {
			t.Errorf("the facts of %s are not sorted: %v", p.Name, documented)
		}
		read := factsRead(t, filepath.Join("..", strings.ToLower(p.Name)))
		if diff := gocmp.Diff(read, documented); diff != "" {
			t.Errorf("facts of %s (-read +documented):\n%s", p.Name, diff)
		}
		total += len(read)
	}
	if total == 0 {
		t.Error("no provider reads a fact: the test does not see how they do")
	}
}

// factsRead returns the names in expressions such as env.Facts[FactX] of the
// package in a folder, sorted.
func factsRead(t *testing.T, folder string) []string {
	t.Helper()
	files := parsed(t, folder)
	names := map[string]string{"FactRevision": translators.FactRevision}
	for _, file := range files {
		for spec := range nodes[*ast.ValueSpec](file) {
			for i, value := range spec.Values {
				if text, ok := literal(value); ok {
					names[spec.Names[i].Name] = text
				}
			}
		}
	}
	var read []string
	for _, file := range files {
		for index := range nodes[*ast.IndexExpr](file) {
			if of, ok := index.X.(*ast.SelectorExpr); !ok || of.Sel.Name != "Facts" {
				continue
			}
			read = append(read, factName(names, index.Index))
		}
	}
	slices.Sort(read)
	return slices.Compact(read)
}

func factName(names map[string]string, key ast.Expr) string {
	text, _ := literal(key)
	switch key := key.(type) {
	case *ast.Ident:
		text = names[key.Name]
	case *ast.SelectorExpr:
		text = names[key.Sel.Name]
	}
	return cmp.Or(text, "a name that only running tells")
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// nodes yields the nodes of one type in a file.
func nodes[N ast.Node](file *ast.File) func(func(N) bool) {
	return func(yield func(N) bool) {
		for n := range ast.Preorder(file) {
			if found, ok := n.(N); ok && !yield(found) {
				return
			}
		}
	}
}

func parsed(t *testing.T, folder string) []*ast.File {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(folder, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, file)
		}
	}
	return files
}
