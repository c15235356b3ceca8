package ir

// FeatureUse is one place where a unit asks for a feature.
type FeatureUse struct {
	Feature Feature `json:"feature"`
	Source  Source  `json:"source"`
}

// Uses names every feature that the unit uses, with the source that each came
// from, in the order of the unit's fields and without duplicates. Of a route
// unit it reads what the routes carry themselves, and the Destination of
// Backends: what else stands behind them is read once Inline has put it into
// the routes.
func Uses(u *Unit) []FeatureUse {
	var w useWalk
	switch {
	case u.Service != nil:
		w.service(u.Service)
	case u.Access != nil:
		for i := range u.Access.Targets {
			w.rules(&u.Access.Targets[i].Rules)
		}
	case u.Namespace != nil:
		w.namespace(u.Namespace)
	case u.Gateway != nil:
		w.gateway(u.Gateway)
	case u.Route != nil:
		w.route(u.Route)
	case u.External != nil:
		w.external(u.External)
	}
	return w.uses
}

type useWalk struct {
	uses []FeatureUse
	seen map[FeatureUse]bool
}

func (w *useWalk) add(f Feature, s Source) {
	use := FeatureUse{Feature: f, Source: s}
	if w.seen[use] {
		return
	}
	if w.seen == nil {
		w.seen = map[FeatureUse]bool{}
	}
	w.seen[use] = true
	w.uses = append(w.uses, use)
}

// addIf adds the feature where the condition holds.
func (w *useWalk) addIf(cond bool, f Feature, s Source) {
	if cond {
		w.add(f, s)
	}
}

func (w *useWalk) service(u *ServiceUnit) {
	for i := range u.Ports {
		for j := range u.Ports[i].Routes {
			w.line(&u.Ports[i].Routes[j], u.Service.Ref())
		}
	}
	w.destination(&u.Destination)
}

func (w *useWalk) route(u *RouteUnit) {
	for i := range u.Routes {
		w.line(&u.Routes[i], Ref{})
	}
	for i := range u.Backends {
		if split := u.Backends[i].Split; split != nil {
			w.destination(&split.Destination)
		}
	}
}

// line walks one line of a route table. Apex is the Service that the table is
// of: sending everything there is no split.
func (w *useWalk) line(r *Route, apex Ref) {
	w.match(&r.Match, r.Source)
	w.filters(&r.Filters)
	for i := range r.Backends {
		b := &r.Backends[i]
		switch {
		case b.Subset != "":
			w.add(SplitBySubset, b.Source)
		case len(r.Backends) > 1 || apex != (Ref{}) && b.Service.Ref() != apex:
			w.add(SplitByService, b.Source)
		}
		if h := b.Filters.RequestHeaders; h != nil {
			w.add(BackendHeaders, h.Source)
		}
		if h := b.Filters.ResponseHeaders; h != nil {
			w.add(BackendHeaders, h.Source)
		}
	}
	w.timeouts(&r.Timeouts)
	w.retry(r.Retry)
	w.fault(r.Fault)
}

var pathFeatures = map[PathType]Feature{
	PathExact: MatchPathExact, PathPrefix: MatchPathPrefix, PathRegex: MatchPathRegex,
}

func (w *useWalk) match(m *Match, s Source) {
	if m.Path != nil {
		w.add(pathFeatures[m.Path.Type], s)
	}
	w.addIf(m.Method != "", MatchMethod, s)
	w.values(m.Headers, MatchHeader, MatchHeaderRegex, s)
	w.values(m.Query, MatchQuery, MatchQueryRegex, s)
}

func (w *useWalk) values(list []ValueMatch, exact, regex Feature, s Source) {
	for _, v := range list {
		if v.Type == ValueRegex {
			w.add(regex, s)
		} else {
			w.add(exact, s)
		}
	}
}

func (w *useWalk) filters(f *Filters) {
	if f.RequestHeaders != nil {
		w.add(RequestHeaders, f.RequestHeaders.Source)
	}
	if f.ResponseHeaders != nil {
		w.add(ResponseHeaders, f.ResponseHeaders.Source)
	}
	for i := range f.Mirrors {
		m := &f.Mirrors[i]
		w.add(Mirroring, m.Source)
		w.addIf(m.Numerator != m.Denominator, MirrorFraction, m.Source)
		w.addIf(len(f.Mirrors) > 1, MirrorMultiple, m.Source)
		w.addIf(m.Backend.Subset != "", SplitBySubset, m.Source)
		w.addIf(m.Backend.Filters.RequestHeaders != nil, BackendHeaders, m.Source)
	}
	if r := f.Rewrite; r != nil {
		w.addIf(r.Hostname != "", RewriteHost, r.Source)
		if r.Path != nil {
			w.addIf(r.Path.Type == ReplaceFullPath, RewritePathFull, r.Source)
			w.addIf(r.Path.Type == ReplacePrefixMatch, RewritePathPrefix, r.Source)
		}
	}
	if r := f.Redirect; r != nil {
		w.add(Redirecting, r.Source)
		w.addIf(r.Path != nil, RedirectPath, r.Source)
	}
	if f.CORS != nil {
		w.add(CORSPolicy, f.CORS.Source)
	}
}
