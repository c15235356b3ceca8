package consul

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// resolver writes subsets and what the destination decides of connections to
// the Service, where there is either.
func (t *table) resolver() {
	d := &t.unit.Destination
	spec := serviceResolver{LoadBalancer: balancer(d.LoadBalancer)}
	var sources []ir.Source
	if d.LoadBalancer != nil {
		sources = append(sources, d.LoadBalancer.Source)
		t.hashed(d.LoadBalancer)
	}
	if p := d.ConnectionPool; p != nil && p.ConnectTimeout.Duration > 0 {
		spec.ConnectTimeout = p.ConnectTimeout.Duration.String()
		sources = append(sources, p.Source)
	}
	for _, s := range t.unit.Subsets {
		if spec.Subsets == nil {
			spec.Subsets = map[string]resolverSubset{}
		}
		spec.Subsets[s.Name] = resolverSubset{Filter: t.filter(&s)}
		t.marked(&s)
		sources = append(sources, s.Source)
	}
	if len(sources) == 0 {
		return
	}
	resolver := newEntry(serviceResolverKind, t.unit.Service.Namespace, t.apex, spec)
	t.result.Objects = append(t.result.Objects, object(resolver, sources))
}

// hashed says the protocol of a Service whose requests choose the endpoint by
// what they carry: of other connections Consul reads nothing.
func (t *table) hashed(l *ir.LoadBalancer) {
	h := l.ConsistentHash
	if h == nil || h.SourceIP || len(t.unit.Ports) > 0 {
		return
	}
	if t.readable(l.Source) {
		return
	}
	feature := ir.HashHeader
	if h.Cookie != nil {
		feature = ir.HashByCookie
	}
	t.report(finding{Source: l.Source, Feature: feature, Code: codeInexpressible}.Reject(
		"Service %s has no HTTP port, and other connections carry no header: hash by source address, or set appProtocol on the port", t.apex))
}

// watched says the protocol of a Service whose endpoints are ejected when they
// fail: of other connections Consul's proxies see whether they come about, and
// not what is answered.
func (t *table) watched(o *ir.OutlierDetection) {
	if o != nil && len(t.unit.Ports) == 0 {
		t.readable(o.Source)
	}
}

// readable says the protocol of a Service that nothing else is said of, where it
// is HTTP: proxies then read its requests.
func (t *table) readable(source ir.Source) bool {
	i := slices.IndexFunc(t.unit.Service.Ports, func(p ir.Port) bool { return p.Protocol.HTTP() })
	if i < 0 {
		return false
	}
	t.port = t.unit.Service.Ports[i]
	t.speaks(ir.ServiceName{Namespace: t.unit.Service.Namespace, Name: t.apex}, source)
	return true
}

// metaKey is what Consul admits for the name of an instance's metadata.
var metaKey = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// filter chooses the instances of a subset. Consul knows no labels: it is told
// of those that annotations of the pods repeat.
func (t *table) filter(s *ir.Subset) string {
	var terms []string
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		if !metaKey.MatchString(key) {
			t.report(finding{Source: s.Source, Feature: ir.SplitBySubset, Code: codeInexpressible}.Reject(
				"Consul cannot choose pods by the label %s, because its metadata has keys of letters, digits, - and _ alone: choose by another label", key))
			continue
		}
		terms = append(terms, selector(key)+" == "+strconv.Quote(s.Labels[key]))
	}
	return strings.Join(terms, " and ")
}

// selector names an entry of an instance's metadata.
func selector(key string) string {
	if strings.Contains(key, "-") || key[0] >= '0' && key[0] <= '9' || key[0] == '_' {
		return "Service.Meta[" + strconv.Quote(key) + "]"
	}
	return "Service.Meta." + key
}

var policies = map[ir.Algorithm]string{
	ir.AlgorithmRoundRobin: "round_robin", ir.AlgorithmLeastRequest: "least_request", ir.AlgorithmRandom: "random",
}

func balancer(l *ir.LoadBalancer) *loadBalancer {
	switch {
	case l == nil:
		return nil
	case l.ConsistentHash == nil:
		return &loadBalancer{Policy: policies[l.Algorithm]}
	default:
		return &loadBalancer{Policy: "ring_hash", HashPolicies: []hashPolicy{hash(l.ConsistentHash)}}
	}
}

func hash(h *ir.ConsistentHash) hashPolicy {
	switch {
	case h.SourceIP:
		return hashPolicy{SourceIP: true}
	case h.Cookie == nil:
		return hashPolicy{Field: "header", FieldValue: h.Header}
	}
	cookie := &cookieConfig{Path: h.Cookie.Path, Session: h.Cookie.TTL.Duration == 0}
	if !cookie.Session {
		cookie.TTL = h.Cookie.TTL.Duration.String()
	}
	return hashPolicy{Field: "cookie", FieldValue: h.Cookie.Name, CookieConfig: cookie}
}

// callerParts say at every caller what limits its connections to the Service:
// Consul asks the caller's ServiceDefaults. Callers of one name are one service.
func callerParts(u *ir.ServiceUnit) []translators.Contribution {
	var parts []translators.Contribution
	seen := map[string]bool{u.Service.Name: true}
	for _, caller := range u.Callers {
		if seen[caller.Name] {
			continue
		}
		seen[caller.Name] = true
		at := []string{"upstreamConfig", "overrides", "[name=" + u.Service.Name + "]"}
		if o := u.Destination.OutlierDetection; o != nil {
			parts = append(parts, defaultsPart(caller, o.Source, healthCheck(o), slices.Concat(at, []string{"passiveHealthCheck"})...))
		}
		if limits := poolLimits(u.Destination.ConnectionPool); len(limits) > 0 {
			parts = append(parts, defaultsPart(caller, u.Destination.ConnectionPool.Source, limits, slices.Concat(at, []string{"limits"})...))
		}
	}
	return parts
}

// healthCheck is Consul's word for ejecting endpoints that fail. It ejects one
// at least whatever the percentage, so that none is said by never ejecting.
func healthCheck(o *ir.OutlierDetection) map[string]any {
	out := map[string]any{}
	if o.ConsecutiveErrors > 0 {
		out["maxFailures"] = int64(o.ConsecutiveErrors)
	}
	if o.Interval.Duration > 0 {
		out["interval"] = o.Interval.Duration.String()
	}
	if o.EjectionTime.Duration > 0 {
		out["baseEjectionTime"] = o.EjectionTime.Duration.String()
	}
	switch percent := o.MaxEjectionPercent; {
	case percent == nil:
	case *percent == 0:
		out["enforcingConsecutive5xx"] = int64(0)
	default:
		out["maxEjectionPercent"] = int64(*percent)
	}
	return out
}

func poolLimits(p *ir.ConnectionPool) map[string]any {
	out := map[string]any{}
	if p != nil && p.MaxConnections > 0 {
		out["maxConnections"] = int64(p.MaxConnections)
	}
	if p != nil && p.MaxPendingRequests > 0 {
		out["maxPendingRequests"] = int64(p.MaxPendingRequests)
	}
	return out
}
