package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inlinePath is code in prose that reads like a path: "internal/apply/plan.go".
var inlinePath = regexp.MustCompile("`([A-Za-z0-9_.*-]+(?:/[A-Za-z0-9_.*-]+)+/?)`")

// TestPaths demands that paths in prose exist, so that a file which moves takes
// its description along. What begins with no folder of the root is no path, and
// what make puts into the tree need not be there.
func TestPaths(t *testing.T) {
	found := 0
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "docs/reference/") {
			continue
		}
		data, err := os.ReadFile(filepath.Join("..", p.path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inlinePath.FindAllStringSubmatch(string(data), -1) {
			first, _, _ := strings.Cut(m[1], "/")
			if made := first == "bin" || first == ".work"; made || !isDir(filepath.Join("..", first)) {
				continue
			}
			found++
			if matches, err := filepath.Glob(filepath.Join("..", m[1])); err != nil || len(matches) == 0 {
				t.Errorf("%s names %s, which is not there", p.path, m[1])
			}
		}
	}
	if found < 40 {
		t.Errorf("only %d paths were found", found)
	}
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
