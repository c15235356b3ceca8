package v1alpha1_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestEverythingIsDocumented checks that each exported name and each field has
// a comment of its own, in full sentences: `kubectl explain` shows it.
func TestEverythingIsDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "zz_generated") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				documented(t, fset, decl.Name, decl.Doc)
			case *ast.GenDecl:
				specs(t, fset, decl)
			}
		}
	}
}

func specs(t *testing.T, fset *token.FileSet, decl *ast.GenDecl) {
	t.Helper()
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			doc := spec.Doc
			if !decl.Lparen.IsValid() {
				doc = decl.Doc
			}
			documented(t, fset, spec.Names[0], doc)
		case *ast.TypeSpec:
			documented(t, fset, spec.Name, decl.Doc)
			if body, ok := spec.Type.(*ast.StructType); ok {
				fields(t, fset, body)
			}
		}
	}
}

func fields(t *testing.T, fset *token.FileSet, body *ast.StructType) {
	t.Helper()
	for _, f := range body.Fields.List {
		if len(f.Names) == 0 {
			continue // embedded: its own type is documented
		}
		documented(t, fset, f.Names[0], f.Doc)
	}
}

func documented(t *testing.T, fset *token.FileSet, name *ast.Ident, doc *ast.CommentGroup) {
	t.Helper()
	if !name.IsExported() {
		return
	}
	text, _, _ := strings.Cut("\n"+doc.Text(), "\n+") // markers are for machines
	if text = strings.TrimSpace(text); !strings.HasSuffix(text, ".") {
		t.Errorf("%s: %s needs a comment of full sentences, not %q", fset.Position(name.Pos()), name.Name, text)
	}
}
