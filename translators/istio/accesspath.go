package istio

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// Paths of AuthorizationPolicies are exact, or patterns: x* is a string
// prefix, *x a suffix, {*} and {**} are templates, and other braces are
// refused. There is no escape.

// plainPath says whether Istio can compare the path as the IR means it.
func plainPath(p ir.PathMatch) bool {
	switch p.Type {
	case ir.PathExact:
		return !strings.ContainsAny(p.Value, "{}") && !strings.HasSuffix(p.Value, "*") && !strings.HasPrefix(p.Value, "*")
	case ir.PathPrefix:
		value := trimPrefix(p.Value)
		return value == "" || plainPath(ir.PathMatch{Type: ir.PathExact, Value: value})
	default:
		return false
	}
}

// allowedPaths match what the paths match; all of them are plain. A prefix is
// the path itself and everything below it.
func allowedPaths(paths []ir.PathMatch) []string {
	var out []string
	for _, p := range paths {
		switch prefix := trimPrefix(p.Value); {
		case p.Type != ir.PathPrefix:
			out = append(out, p.Value)
		case prefix == "":
			out = append(out, "*")
		default:
			out = append(out, prefix, prefix+"/*")
		}
	}
	return unique(out)
}

// deniedPaths match at least what the paths match. Nil matches every path.
func deniedPaths(paths []ir.PathMatch) []string {
	var out []string
	for _, p := range paths {
		switch {
		case p.Type == ir.PathRegex, p.Type == ir.PathPrefix && trimPrefix(p.Value) == "":
			return nil
		case plainPath(p):
			out = append(out, allowedPaths([]ir.PathMatch{p})...)
		default:
			// The string prefix before what cannot be said covers all of it.
			out = append(out, p.Value[:strings.IndexAny(p.Value, "*{}")]+"*")
		}
	}
	return unique(out)
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// inexpressible are the policies of Allow rules with a path that Istio cannot
// compare: they admit nobody.
func inexpressible(rules []ir.AccessRule) map[ir.Ref]bool {
	closed := map[ir.Ref]bool{}
	eachPath(rules, func(rule *ir.AccessRule, _ *ir.Operation, path ir.PathMatch) {
		if !plainPath(path) {
			closed[rule.Source.Ref] = true
		}
	})
	return closed
}

// patternIssues say which paths Istio would read as patterns. Expressions are
// the capability matrix's to answer.
func patternIssues(rules []ir.AccessRule, allow bool) []ir.Issue {
	consequence := "it denies every path that begins alike"
	if allow {
		consequence = "it admits nobody and its targets are closed"
	}
	var issues []ir.Issue
	eachPath(rules, func(_ *ir.AccessRule, op *ir.Operation, path ir.PathMatch) {
		if path.Type == ir.PathRegex || plainPath(path) {
			return
		}
		feature := ir.AccessPathExact
		if path.Type == ir.PathPrefix {
			feature = ir.AccessPathPrefix
		}
		issues = append(issues, finding{Source: op.Source, Feature: feature, Code: codePathPattern}.Closed("Istio reads path %q as a pattern and has no escape: until the policy is changed %s; write a prefix that ends before the star or brace",
			path.Value, consequence))
	})
	return issues
}

func eachPath(rules []ir.AccessRule, visit func(*ir.AccessRule, *ir.Operation, ir.PathMatch)) {
	for i := range rules {
		for j := range rules[i].To {
			for _, path := range rules[i].To[j].Paths {
				visit(&rules[i], &rules[i].To[j], path)
			}
		}
	}
}
