package translators

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"

	"github.com/meshloom/meshloom/translators/ir"
)

// compose returns the lines that do what the route and then the lines of its
// backends' tables do to requests of the match.
func (in *inliner) compose(route *ir.Route, parts []part, match ir.Match) ([]ir.Route, error) {
	for i := range parts {
		if p := &parts[i]; p.line != nil && p.carry.Routing && p.line.Filters.Redirect != nil {
			return composeRedirect(route, parts, match)
		}
	}
	line := ir.Route{Rule: route.Rule, Match: match, Filters: route.Filters, Source: route.Source}
	var err error
	if line.Backends, err = shareOut(parts); err != nil {
		return nil, err
	}
	if line.Filters.Mirrors, err = in.mirrors(route, parts); err != nil {
		return nil, err
	}
	if err := in.policies(route, parts, &line); err != nil {
		return nil, err
	}
	return rewritten(route, parts, line)
}

// composeRedirect returns the redirect of the only backend's line, as it
// answers the request that the route sends on.
func composeRedirect(route *ir.Route, parts []part, match ir.Match) ([]ir.Route, error) {
	p := parts[0]
	if len(parts) > 1 {
		return nil, fmt.Errorf("%s redirects a part of the requests; use a rule with one backend", redirecting(parts))
	}
	if f := &route.Filters; len(f.Mirrors) > 0 || f.ResponseHeaders != nil || f.CORS != nil || route.Fault != nil {
		return nil, fmt.Errorf("%s redirects what the route would mirror, fail or answer with headers of its own", p.line.Source)
	}
	redirect := *p.line.Filters.Redirect
	if route.Filters.Rewrite != nil {
		redirect.Hostname = cmp.Or(redirect.Hostname, route.Filters.Rewrite.Hostname)
	}
	if redirect.Port == 0 && redirect.Scheme == "" {
		redirect.Port = p.backend.Service.Port.Number
	}
	paths, err := composePath(route, redirect.Path, p.line, match.Path)
	if err != nil {
		return nil, err
	}
	var lines []ir.Route
	for _, path := range paths {
		r := redirect
		r.Path = path.mod
		match.Path = path.match
		lines = append(lines, ir.Route{Rule: route.Rule, Match: match, Filters: ir.Filters{Redirect: &r}, Source: route.Source})
	}
	return lines, nil
}

func redirecting(parts []part) ir.Source {
	for _, p := range parts {
		if p.line != nil && p.line.Filters.Redirect != nil {
			return p.line.Source
		}
	}
	return ir.Source{}
}

// rewritten gives the line the rewrites of the route and of its parts, on which
// all parts must agree.
func rewritten(route *ir.Route, parts []part, line ir.Route) ([]ir.Route, error) {
	var first []pathLine
	host := ""
	for i := range parts {
		rewrite, table := ir.Rewrite{}, &ir.Route{}
		if p := &parts[i]; p.line != nil && p.carry.Routing {
			table = p.line
			if p.line.Filters.Rewrite != nil {
				rewrite = *p.line.Filters.Rewrite
			}
		}
		if len(route.Filters.Mirrors) > 0 && rewrite != (ir.Rewrite{}) {
			return nil, fmt.Errorf("%s rewrites what the route mirrors as it was before; mirror in the split instead", table.Source)
		}
		paths, err := composePath(route, rewrite.Path, table, line.Match.Path)
		if err != nil {
			return nil, err
		}
		if i > 0 && (rewrite.Hostname != host || !reflect.DeepEqual(paths, first)) {
			return nil, errors.New("its backends rewrite the request differently; use a rule for each of them")
		}
		first, host = paths, rewrite.Hostname
	}
	rewrite := ir.Rewrite{Hostname: host, Source: sourceOfRewrite(route, parts)}
	if route.Filters.Rewrite != nil {
		rewrite.Hostname = cmp.Or(host, route.Filters.Rewrite.Hostname)
	}
	return withPaths(line, first, rewrite), nil
}

// withPaths returns the line once for each path, with its rewrite.
func withPaths(line ir.Route, paths []pathLine, rewrite ir.Rewrite) []ir.Route {
	var lines []ir.Route
	for _, path := range paths {
		out, rw := line, rewrite
		out.Match.Path, out.Filters.Rewrite = path.match, nil
		if rw.Path = path.mod; rw.Hostname != "" || rw.Path != nil {
			out.Filters.Rewrite = &rw
		}
		lines = append(lines, out)
	}
	return lines
}

func sourceOfRewrite(route *ir.Route, parts []part) ir.Source {
	for _, p := range parts {
		if p.line != nil && p.carry.Routing && p.line.Filters.Rewrite != nil {
			return p.line.Filters.Rewrite.Source
		}
	}
	if route.Filters.Rewrite != nil {
		return route.Filters.Rewrite.Source
	}
	return ir.Source{}
}
