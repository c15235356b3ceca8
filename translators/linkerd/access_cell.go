package linkerd

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// Linkerd asks only the one route that matches a request best: by the length of
// the path first, exact or prefix alike, then by the number of headers, then by
// method; which of two equal ones it asks depends on their age. So requests are divided into cells by every path and method that a
// rule names, and each cell is decided on its own.

// cell are the requests that its path matches better than any other cell's and
// that have its method, or, where it is empty, one that no cell names.
type cell struct {
	path   ir.PathMatch
	method string
}

var rootPath = ir.PathMatch{Type: ir.PathPrefix, Value: "/"}

// grid collects paths and methods.
type grid struct {
	paths   map[ir.PathMatch]bool
	methods map[string]bool
}

func newGrid() grid {
	return grid{paths: map[ir.PathMatch]bool{rootPath: true}, methods: map[string]bool{"": true}}
}

func (g grid) add(op *ir.Operation) {
	for _, method := range op.Methods {
		g.methods[method] = true
	}
	for _, path := range op.Paths {
		if sayable(path) {
			g.paths[canonical(path)] = true
		}
	}
}

// cells returns all cells, those that match less well first.
func (g grid) cells() []cell {
	paths := slices.SortedFunc(maps.Keys(g.paths), func(a, b ir.PathMatch) int {
		return cmp.Or(cmp.Compare(len(a.Value), len(b.Value)), -cmp.Compare(a.Type, b.Type), cmp.Compare(a.Value, b.Value))
	})
	var out []cell
	for _, path := range paths {
		for _, method := range slices.Sorted(maps.Keys(g.methods)) {
			out = append(out, cell{path, method})
		}
	}
	return out
}

// twin is the cell of the prefix that matches the path of an exact cell equally
// well; ok is false for cells of prefixes.
func (c cell) twin() (prefix cell, ok bool) {
	prefix = cell{canonical(ir.PathMatch{Type: ir.PathPrefix, Value: c.path.Value}), c.method}
	return prefix, c.path.Type == ir.PathExact && prefix.path.Value == c.path.Value
}

// falls says whether the requests of the cell are those of the other one, where
// there is no better cell for them.
func (c cell) falls(to cell) bool {
	return (to.method == "" || to.method == c.method) && covers(to.path, c.path)
}

// better says whether the cell is preferred to the other one for requests that
// both match.
func (c cell) better(than cell) bool {
	if c.path != than.path {
		return covers(than.path, c.path)
	}
	return c.method != "" && than.method == ""
}

// covers says whether the one path matches all that the other one does. Both
// are canonical.
func covers(wide, narrow ir.PathMatch) bool {
	if wide.Type == ir.PathExact {
		return wide == narrow
	}
	return wide.Value == "/" || narrow.Value == wide.Value || strings.HasPrefix(narrow.Value, wide.Value+"/")
}

// canonical removes the slash at the end of a prefix, which has no meaning.
func canonical(p ir.PathMatch) ir.PathMatch {
	if p.Type == ir.PathPrefix && p.Value != "/" {
		p.Value = strings.TrimSuffix(p.Value, "/")
	}
	if p.Value == "" {
		p.Value = "/"
	}
	return p
}

var (
	pathCharacters = regexp.MustCompile(`^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})*$`)
	pathDefects    = regexp.MustCompile(`//|/\.\.?(/|$)|%2[fF]`)
)

// sayable says whether the path can be matched by an HTTPRoute as the IR means
// it: Gateway API refuses paths that proxies might read otherwise.
func sayable(p ir.PathMatch) bool {
	const longest = 1024
	return p.Type != ir.PathRegex && len(p.Value) <= longest && pathCharacters.MatchString(p.Value) && !pathDefects.MatchString(p.Value)
}

// concerns says whether the operation has anything to say of the port.
func concerns(op *ir.Operation, port int32) bool {
	return len(op.Ports) == 0 || slices.Contains(op.Ports, port)
}

// includes says whether the operation matches all requests of the cell, or, in
// Deny, might match some: a path that no route can say stands for every path.
func (c cell) includes(op *ir.Operation, deny bool) bool {
	if len(op.Methods) > 0 && !slices.Contains(op.Methods, c.method) {
		return false
	}
	return len(op.Paths) == 0 || slices.ContainsFunc(op.Paths, func(p ir.PathMatch) bool {
		if !sayable(p) {
			return deny
		}
		return covers(canonical(p), c.path)
	})
}
