package docs_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// page is one Markdown file of the repository.
type page struct {
	// path is relative to the root, with slashes.
	path   string
	blocks []block
	// anchors are what a link may name after #.
	anchors map[string]bool
	links   []link
}

// block is a fenced block.
type block struct {
	line int
	// language and the words after it, as "yaml pr/split.yaml".
	language string
	words    []string
	text     string
}

type link struct {
	line   int
	target string
}

var (
	linkPattern   = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	anchorPattern = regexp.MustCompile(`<a id="([^"]+)">`)
	codePattern   = regexp.MustCompile("`[^`]*`")
	// notInSlugs is what the anchor of a heading leaves out.
	notInSlugs = regexp.MustCompile(`[^\p{L}\p{N}\-_ ]`)
)

// pages reads every Markdown file of the repository.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (hidden || entry.Name() == "node_modules"):
			return fs.SkipDir
		case path.Ext(name) != ".md":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err == nil {
			all = append(all, parse(name, string(text)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("only %d pages were read: is this the root of the repository?", len(all))
	}
	return all
}

// parse reads what the tests need of a page: fenced blocks, headings, links.
func parse(name, text string) page {
	p := page{path: name, anchors: map[string]bool{}}
	seen := map[string]int{}
	var open *block
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		switch {
		case open != nil && fence:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		case fence:
			open = &block{line: number}
			if words := strings.Fields(strings.TrimLeft(strings.TrimSpace(line), "`")); len(words) > 0 {
				open.language, open.words = words[0], words[1:]
			}
		default:
			p.prose(number, line, seen)
		}
	}
	return p
}

// prose reads one line outside of fenced blocks.
func (p *page) prose(number int, line string, seen map[string]int) {
	if title := strings.TrimLeft(line, "#"); title != line && strings.HasPrefix(title, " ") {
		p.anchors[slug(strings.TrimSpace(title), seen)] = true
	}
	for _, m := range anchorPattern.FindAllStringSubmatch(line, -1) {
		p.anchors[m[1]] = true
	}
	// The text of a link may be code; code itself holds no links.
	bare := codePattern.ReplaceAllString(line, "")
	for _, m := range linkPattern.FindAllStringSubmatch(bare, -1) {
		p.links = append(p.links, link{number, m[1]})
	}
}

// slug returns the anchor that a heading gets: lower case, spaces as dashes,
// punctuation left out, and a number where it stood before.
func slug(title string, seen map[string]int) string {
	s := strings.ReplaceAll(notInSlugs.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
	seen[s]++
	if n := seen[s] - 1; n > 0 {
		return s + "-" + string(rune('0'+n))
	}
	return s
}
