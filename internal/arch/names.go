package arch

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// meshWord matches the name of every mesh and ingress in any spelling.
// "consult" is not one.
var meshWord = regexp.MustCompile(`(?i)istio|linkerd|consul(?:[^t]|$)|envoy[ -]?gateway|kgateway|traefik|nginx`)

// homes are where any mesh may be named: the lists that name them all, what is
// about real meshes, and what users read.
var homes = []string{
	"translators/all/", "test/", "docs/", "examples/", "hack/tools/",
	"README.md", "AGENTS.md", "go.mod", "go.sum", ".golangci.yaml",
	"internal/arch/names.go",
}

// meshNames keeps knowledge of one mesh in that mesh's folder (law 1).
func meshNames(t *Tree) []Finding {
	var found []Finding
	for _, f := range t.Files {
		if f.IsTest() || f.IsGenerated() || isHome(f.Path) {
			continue
		}
		own := ownName(f.Path)
		for i, line := range strings.Split(f.Text, "\n") {
			for _, word := range meshWord.FindAllString(line, -1) {
				if name := plain(word); name != own && !isProviderName(f.Path, line) && !isExample(f.Path, line) {
					found = append(found, Finding{f.Path, i + 1, fmt.Sprintf("names %s outside its own folder: let its translator answer instead", name)})
				}
			}
		}
	}
	return found
}

func isHome(p string) bool {
	return slices.ContainsFunc(homes, func(home string) bool {
		return p == home || strings.HasSuffix(home, "/") && strings.HasPrefix(p, home)
	})
}

// ownName is the mesh that a file's folder is about, or "".
func ownName(p string) string {
	parts := strings.Split(path.Dir(p), "/")
	if len(parts) >= 2 && parts[0] == "translators" {
		return parts[1]
	}
	return ""
}

// providerName is a constant of one of the API's provider enums.
var providerName = regexp.MustCompile(`^(?:const )?\w+Provider\w+ +\w+Provider += "\w+"$`)

// isProviderName allows, in the API, what makes up the enums of providers:
// their constants, comments and markers, and what is generated from these.
func isProviderName(p, line string) bool {
	if !strings.HasPrefix(p, "apis/") {
		return false
	}
	line = strings.TrimSpace(line)
	return path.Ext(p) != ".go" || strings.HasPrefix(line, "//") || providerName.MatchString(line)
}

// example is a line of a command's help that shows how it is called.
var example = regexp.MustCompile("^\\s*(Example: +`)? *(meshctl |# )")

// isExample allows help to name a mesh in an example, as documentation does.
func isExample(p, line string) bool {
	return isBelow(path.Dir(p), "internal/cli") && example.MatchString(line)
}

// plain is the word as folders spell it.
func plain(word string) string {
	word = strings.ToLower(word)
	if strings.HasPrefix(word, "consul") {
		return "consul"
	}
	return strings.NewReplacer(" ", "", "-", "").Replace(word)
}
