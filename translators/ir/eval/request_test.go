package eval_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

func TestMatchPath(t *testing.T) {
	tests := []struct {
		typ   ir.PathType
		value string
		yes   []string
		no    []string
	}{
		{ir.PathExact, "/foo", []string{"/foo"}, []string{"/foo/", "/Foo", "/foo/bar", "/", ""}},
		{ir.PathPrefix, "/foo", []string{"/foo", "/foo/", "/foo/bar", "/foo//x"}, []string{"/foobar", "/fo", "/FOO", "/x/foo", ""}},
		{ir.PathPrefix, "/foo/", []string{"/foo", "/foo/", "/foo/bar"}, []string{"/foobar"}},
		{ir.PathPrefix, "/", []string{"/", "/x", "//", "/x/y"}, nil},
		{ir.PathRegex, "/a.*", []string{"/a", "/ab", "/a/b"}, []string{"/", "/b/a", "x/a"}},
		{ir.PathRegex, "/a|/b", []string{"/a", "/b"}, []string{"/ab", "/ax", "x/b"}},
		{ir.PathRegex, "(?m)/a$", []string{"/a"}, []string{"/a\n/b"}},
		{ir.PathRegex, "/a)|(/b", nil, []string{"/a", "/b"}},
		{"", "/", nil, []string{"/"}},
	}
	for _, tt := range tests {
		m := ir.PathMatch{Type: tt.typ, Value: tt.value}
		for _, path := range tt.yes {
			if !eval.MatchPath(m, path) {
				t.Errorf("%s %q does not match %q", tt.typ, tt.value, path)
			}
		}
		for _, path := range tt.no {
			if eval.MatchPath(m, path) {
				t.Errorf("%s %q matches %q", tt.typ, tt.value, path)
			}
		}
	}
}

func TestRewritePath(t *testing.T) {
	full := func(v string) *ir.PathModifier { return &ir.PathModifier{Type: ir.ReplaceFullPath, Value: v} }
	prefix := func(v string) *ir.PathModifier { return &ir.PathModifier{Type: ir.ReplacePrefixMatch, Value: v} }
	under := func(v string) *ir.PathMatch { return &ir.PathMatch{Type: ir.PathPrefix, Value: v} }
	tests := []struct {
		mod     *ir.PathModifier
		matched *ir.PathMatch
		path    string
		want    string
	}{
		{nil, under("/foo"), "/foo/bar", "/foo/bar"},
		{full("/new"), under("/foo"), "/foo/bar", "/new"},
		{full("/new"), nil, "/foo", "/new"},
		// The table of the Gateway API.
		{prefix("/xyz"), under("/foo"), "/foo/bar", "/xyz/bar"},
		{prefix("/xyz/"), under("/foo"), "/foo/bar", "/xyz/bar"},
		{prefix("/xyz"), under("/foo/"), "/foo/bar", "/xyz/bar"},
		{prefix("/xyz/"), under("/foo/"), "/foo/bar", "/xyz/bar"},
		{prefix("/xyz"), under("/foo"), "/foo", "/xyz"},
		{prefix("/xyz"), under("/foo"), "/foo/", "/xyz/"},
		{prefix(""), under("/foo"), "/foo/bar", "/bar"},
		{prefix(""), under("/foo"), "/foo/", "/"},
		{prefix(""), under("/foo"), "/foo", "/"},
		{prefix("/"), under("/foo"), "/foo/", "/"},
		{prefix("/"), under("/foo"), "/foo", "/"},
		// Without a path match the prefix is "/".
		{prefix("/xyz"), nil, "/foo", "/xyz/foo"},
		{prefix("/xyz"), under("/"), "/", "/xyz/"},
		// A prefix can only be replaced where one matched.
		{prefix("/xyz"), &ir.PathMatch{Type: ir.PathExact, Value: "/foo"}, "/foo", "/foo"},
		{prefix("/xyz"), under("/foo"), "/foobar", "/foobar"},
	}
	for _, tt := range tests {
		if got := eval.RewritePath(tt.mod, tt.matched, tt.path); got != tt.want {
			t.Errorf("RewritePath(%v, %v, %q) = %q, want %q", tt.mod, tt.matched, tt.path, got, tt.want)
		}
	}
}

func TestMatchRequest(t *testing.T) {
	request := eval.Request{
		Method: "GET", Path: "/a", Headers: map[string]string{"x-user": "jason", "x-many": "1,2", "x-empty": ""},
		Query: []eval.Param{{Name: "q", Value: "first"}, {Name: "q", Value: "second"}},
	}
	header := func(typ ir.ValueType, name, value string) ir.Match {
		return ir.Match{Headers: []ir.ValueMatch{{Type: typ, Name: name, Value: value}}}
	}
	parameter := func(name, value string) ir.Match {
		return ir.Match{Query: []ir.ValueMatch{{Type: ir.ValueExact, Name: name, Value: value}}}
	}
	tests := []struct {
		name  string
		match ir.Match
		want  bool
	}{
		{"nothing named", ir.Match{}, true},
		{"method", ir.Match{Method: "GET"}, true},
		{"other method", ir.Match{Method: "POST"}, false},
		{"header", header(ir.ValueExact, "x-user", "jason"), true},
		{"header name without regard to case", header(ir.ValueExact, "X-User", "jason"), true},
		{"header value with regard to case", header(ir.ValueExact, "x-user", "Jason"), false},
		{"header regex is anchored", header(ir.ValueRegex, "x-user", "jas"), false},
		{"header regex", header(ir.ValueRegex, "x-user", "jas.*"), true},
		{"several values are joined", header(ir.ValueExact, "x-many", "1,2"), true},
		{"empty header is present", header(ir.ValueRegex, "x-empty", ".*"), true},
		{"absent header never matches", header(ir.ValueRegex, "x-absent", ".*"), false},
		{"first query value counts", parameter("q", "first"), true},
		{"second query value does not", parameter("q", "second"), false},
		{"query names have case", parameter("Q", "first"), false},
		{"all must hold", ir.Match{Method: "GET", Path: &ir.PathMatch{Type: ir.PathExact, Value: "/b"}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := eval.MatchRequest(&tt.match, &request); got != tt.want {
				t.Errorf("MatchRequest = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestModifyHeaders(t *testing.T) {
	before := map[string]string{"a": "1", "b": "1", "c": "1"}
	first := &ir.HeaderModifier{
		Set: []ir.Header{{Name: "a", Value: "2"}, {Name: "D", Value: "2"}}, Add: []ir.Header{{Name: "b", Value: "2"}, {Name: "e", Value: "2"}},
		Remove: []string{"C"},
	}
	second := &ir.HeaderModifier{Add: []ir.Header{{Name: "a", Value: "3"}}, Remove: []string{"d"}}
	want := map[string]string{"a": "2,3", "b": "1,2", "e": "2"}
	if diff := cmp.Diff(want, eval.ModifyHeaders(before, first, nil, second)); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if before["a"] != "1" || before["c"] != "1" {
		t.Errorf("the argument was changed to %v", before)
	}
}
