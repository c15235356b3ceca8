package arch

import (
	"path"
	"strconv"
	"strings"
)

// banned are what the pure core never imports, each with its reason. An import
// is banned by its own path or by any folder above it.
var banned = map[string]string{
	"k8s.io/client-go":               "translators never talk to a cluster",
	"sigs.k8s.io/controller-runtime": "of controller-runtime only the object interfaces of pkg/client are known here",
	"helm.sh/helm":                   "charts are planned here and installed elsewhere",
	"net/http":                       "translators use no network",
	"os":                             "translators read no files and no environment",
	"log":                            "translators do not log",
	"log/slog":                       "translators do not log",
	"math/rand":                      "translators are deterministic",
	"math/rand/v2":                   "translators are deterministic",
	"crypto/rand":                    "what decides is deterministic: take an io.Reader",
}

// pureImports are the exceptions to banned.
var pureImports = []string{"sigs.k8s.io/controller-runtime/pkg/client"}

// purity keeps everything that decides free of clusters, files and networks,
// directly and through packages of our own. The harness of the translators'
// tests reads golden files and is no part of the product.
func purity(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Files {
		if f.Go == nil || f.IsTest() || !isPure(f.Path) {
			continue
		}
		for _, spec := range f.Go.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			if why := impure(imported); why != "" {
				found = append(found, t.at(spec.Pos(), "imports %s: %s", imported, why))
			}
		}
	}
	return found
}

// isPure says of a Go file whether it belongs to the pure core: the
// translators, and what decides about installing without what acts on it. Where
// randomness is needed, it is handed in.
func isPure(p string) bool {
	dir := path.Dir(p)
	if dir == "translators/translatortest" {
		return false
	}
	return decides(dir) || isBelow(dir, "translators")
}

// decides reports whether a folder holds decisions about installing.
func decides(dir string) bool {
	return dir == "install" || dir == "install/trust"
}

// impure says why an import has no place in the pure core, or "".
func impure(imported string) string {
	if own, ok := strings.CutPrefix(imported, Module+"/"); ok {
		if decides(own) || isBelow(own, "translators") || isBelow(own, "apis") {
			return ""
		}
		return "the pure core uses only apis, translators and install of this module"
	}
	for _, pure := range pureImports {
		if imported == pure {
			return ""
		}
	}
	for prefix := imported; prefix != "."; prefix = path.Dir(prefix) {
		if why, ok := banned[prefix]; ok {
			return why
		}
	}
	return ""
}

// isBelow reports whether p is the folder or lies in it.
func isBelow(p, folder string) bool {
	return p == folder || strings.HasPrefix(p, folder+"/")
}

// replaces keeps the product's go.mod usable by others: a replace is ignored
// by whoever imports the module or installs a command with go install.
func replaces(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Files {
		if f.Path != "go.mod" {
			continue
		}
		for i, line := range strings.Split(f.Text, "\n") {
			if code, _, _ := strings.Cut(line, "//"); strings.Contains(code, " => ") {
				found = append(found, Finding{f.Path, i + 1, "go.mod replaces a module: require a version that works, or build it as a tool in a module of its own"})
			}
		}
	}
	return found
}
