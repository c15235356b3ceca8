package translators

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// policies gives the line the timeouts, retry, fault and CORS of the route and
// of its parts.
func (in *inliner) policies(route *ir.Route, parts []part, line *ir.Route) error {
	line.Timeouts, line.Retry, line.Fault = route.Timeouts, route.Retry, route.Fault
	var timeouts []ir.Timeouts
	var retries []*ir.Retry
	var faults []*ir.Fault
	var cors []*ir.CORS
	for i := range parts {
		table := parts[i].said()
		timeouts = append(timeouts, ir.Timeouts{
			Request:        smaller(route.Timeouts.Request, table.Timeouts.Request),
			BackendRequest: smaller(route.Timeouts.BackendRequest, table.Timeouts.BackendRequest),
		})
		retries, faults, cors = append(retries, table.Retry), append(faults, table.Fault), append(cors, table.Filters.CORS)
	}
	for i := range timeouts {
		if !sameLimit(timeouts[i].Request, timeouts[0].Request) || !sameLimit(timeouts[i].BackendRequest, timeouts[0].BackendRequest) {
			return errors.New("its backends have different timeouts; give them the same, or use a rule for each of them")
		}
		line.Timeouts = timeouts[0]
	}
	var err error
	if line.Retry, err = inherit(in, "retry", route.Retry, retries); err != nil {
		return err
	}
	if line.Fault, err = inherit(in, "fault", route.Fault, faults); err != nil {
		return err
	}
	line.Filters.CORS, err = inherit(in, "CORS", route.Filters.CORS, cors)
	return err
}

// said returns what the route must carry of the part's line.
func (p *part) said() ir.Route {
	var out ir.Route
	if p.line == nil {
		return out
	}
	if p.carry.Request {
		out.Timeouts, out.Retry, out.Fault = p.line.Timeouts, p.line.Retry, p.line.Fault
	}
	if p.carry.Routing {
		out.Filters.CORS = p.line.Filters.CORS
	}
	return out
}

// smaller returns the limit that ends a request first; 0 is none.
func smaller(a, b *ir.Timeout) *ir.Timeout {
	switch {
	case a == nil || b != nil && a.Duration.Duration == 0:
		return b
	case b == nil || b.Duration.Duration == 0 || a.Duration.Duration <= b.Duration.Duration:
		return a
	}
	return b
}

func sameLimit(a, b *ir.Timeout) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Duration == b.Duration)
}

// inherit returns the route's own policy, with a note for each of the backends'
// that it overrides; else that of the backends, who must agree.
func inherit[T ir.Retry | ir.Fault | ir.CORS](in *inliner, name string, own *T, theirs []*T) (*T, error) {
	for _, policy := range theirs {
		if own != nil && policy != nil {
			in.overridden(name, sourceOf(own), sourceOf(policy))
		}
		if own == nil && !reflect.DeepEqual(unsourced(policy), unsourced(theirs[0])) {
			return nil, fmt.Errorf("its backends differ in %s; give them the same, set it for the route, or use a rule for each of them", name)
		}
	}
	if own != nil || len(theirs) == 0 {
		return own, nil
	}
	return theirs[0], nil
}

func (in *inliner) overridden(name string, by, source ir.Source) {
	in.issues = append(in.issues, ir.Issue{
		Effect: ir.EffectNote, Source: source, Reason: string(v1alpha1.ReasonEmulated), Code: CodeInline,
		Message: fmt.Sprintf("%s has no effect on requests through this gateway: that of %s counts there", name, by.Ref),
	})
}

// sourceOf returns the Source field of a policy.
func sourceOf[T ir.Retry | ir.Fault | ir.CORS](policy *T) ir.Source {
	switch p := any(policy).(type) {
	case *ir.Retry:
		return p.Source
	case *ir.Fault:
		return p.Source
	case *ir.CORS:
		return p.Source
	}
	return ir.Source{}
}

// unsourced returns the policy without its source, to be compared.
func unsourced[T ir.Retry | ir.Fault | ir.CORS](policy *T) any {
	if policy == nil {
		return nil
	}
	switch p := any(*policy).(type) {
	case ir.Retry:
		p.Source = ir.Source{}
		return p
	case ir.Fault:
		p.Source = ir.Source{}
		return p
	case ir.CORS:
		p.Source = ir.Source{}
		return p
	}
	return nil
}

// mirrors returns the mirrors of the route and of its parts: a part's mirrors
// get the same share of the requests as the part.
func (in *inliner) mirrors(route *ir.Route, parts []part) ([]ir.Mirror, error) {
	var out []ir.Mirror
	for i := range route.Filters.Mirrors {
		mirrored, err := in.mirror(&route.Filters.Mirrors[i])
		if err != nil {
			return nil, err
		}
		out = append(out, mirrored...)
	}
	total := int64(0)
	for i := range parts {
		total += parts[i].backend.Weight
	}
	for i := range parts {
		p := &parts[i]
		if p.line == nil || !p.carry.Routing {
			continue
		}
		for _, m := range p.line.Filters.Mirrors {
			before := composeHeaders(p.backend.Filters.RequestHeaders, p.line.Filters.RequestHeaders)
			scaled, err := scale(m, p.backend.Weight, total, before)
			if err != nil {
				return nil, err
			}
			out = append(out, scaled)
		}
	}
	return out, nil
}

// mirror follows a mirror into the table of its Service. Only a table that
// treats all requests alike can be followed: a mirror has no matches.
func (in *inliner) mirror(m *ir.Mirror) ([]ir.Mirror, error) {
	table, carry := in.table(&m.Backend)
	if table == nil || !carry.Routing {
		return []ir.Mirror{*m}, nil
	}
	if len(table) == 0 {
		return nil, fmt.Errorf("copies go to %s, whose table leaves them without a route", m.Backend.Service.Ref())
	}
	f := &table[0].Filters
	if !sameMatches([]ir.Match{table[0].Match}, []ir.Match{{}}) || f.Redirect != nil || f.Rewrite != nil || len(f.Mirrors) > 0 {
		return nil, fmt.Errorf("copies go to %s, whose split treats them by what they are; mirror to a Service without rules", m.Backend.Service.Ref())
	}
	total := int64(0)
	for _, b := range table[0].Backends {
		total += max(0, b.Weight)
	}
	var out []ir.Mirror
	for _, b := range table[0].Backends {
		if b.Weight <= 0 || b.Invalid {
			continue
		}
		copied := *m
		copied.Backend = b
		scaled, err := scale(copied, b.Weight, total, composeHeaders(m.Backend.Filters.RequestHeaders, f.RequestHeaders))
		if err != nil {
			return nil, err
		}
		out = append(out, scaled)
	}
	return out, nil
}

// scale returns the mirror for a part of the requests, whose headers have been
// modified before.
func scale(m ir.Mirror, weight, total int64, before *ir.HeaderModifier) (ir.Mirror, error) {
	if m.Denominator == 0 || total == 0 {
		return m, nil
	}
	r := new(big.Rat).Mul(big.NewRat(m.Numerator, m.Denominator), big.NewRat(weight, total))
	if !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return m, errors.New("the fractions of its mirrors have no common measure; use smaller weights")
	}
	if weight != total {
		m.Numerator, m.Denominator = r.Num().Int64(), r.Denom().Int64()
	}
	m.Backend.Filters.RequestHeaders = composeHeaders(before, m.Backend.Filters.RequestHeaders)
	return m, nil
}
