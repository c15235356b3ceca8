package docs_test

import (
	"os"
	"path"
	"strings"
	"testing"
)

// TestLinks follows every link of every page that leads into the repository:
// the file is there, and the heading in it.
func TestLinks(t *testing.T) {
	all := pages(t)
	byPath := map[string]page{}
	for _, p := range all {
		byPath[p.path] = p
	}
	followed := 0
	for _, p := range all {
		for _, l := range p.links {
			if strings.Contains(l.target, "://") {
				continue
			}
			followed++
			if problem := follow(byPath, p.path, l.target); problem != "" {
				t.Errorf("%s:%d: link %s: %s", p.path, l.line, l.target, problem)
			}
		}
	}
	if followed < 50 {
		t.Errorf("only %d links were followed", followed)
	}
}

// follow says what is wrong with a link, or "".
func follow(byPath map[string]page, from, target string) string {
	file, anchor, anchored := strings.Cut(target, "#")
	to := from
	if file != "" {
		to = path.Join(path.Dir(from), file)
	}
	p, known := byPath[to]
	switch _, err := os.Stat(path.Join("..", to)); {
	case err != nil && !known:
		return "there is no " + to
	case anchored && known && !p.anchors[anchor]:
		return to + " has no heading of that anchor"
	}
	return ""
}

// TestFollow shows that a link to nothing is found.
func TestFollow(t *testing.T) {
	p := parse("docs/a.md", "# One `Mesh`, two!\n\n## Twice\n\n## Twice\n\n[x](b.md#none) `[no](link)` [`code`](../README.md)\n")
	byPath := map[string]page{p.path: p}
	if len(p.links) != 2 {
		t.Fatalf("links %v, want two", p.links)
	}
	for target, wrong := range map[string]bool{
		"#one-mesh-two": false, "#twice-1": false, "#twice-2": true, "README.md": false, "nowhere.md": true,
	} {
		if problem := follow(byPath, "docs/a.md", target); (problem != "") != wrong {
			t.Errorf("%s: %q, wrong should be %v", target, problem, wrong)
		}
	}
}

// TestIndex demands that the index leads to every page that people write.
func TestIndex(t *testing.T) {
	index := map[string]bool{"docs/README.md": true}
	var all []page
	for _, p := range pages(t) {
		if path.Dir(p.path) == "docs" || path.Dir(p.path) == "docs/reference" {
			all = append(all, p)
		}
		if p.path != "docs/README.md" {
			continue
		}
		for _, l := range p.links {
			file, _, _ := strings.Cut(l.target, "#")
			index[path.Join("docs", file)] = true
		}
	}
	for _, p := range all {
		if !index[p.path] {
			t.Errorf("docs/README.md does not lead to %s", p.path)
		}
	}
}
