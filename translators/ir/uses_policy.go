package ir

func (w *useWalk) timeouts(t *Timeouts) {
	if t.Request != nil {
		w.add(TimeoutRequest, t.Request.Source)
	}
	if t.BackendRequest != nil {
		w.add(TimeoutBackend, t.BackendRequest.Source)
	}
}

func (w *useWalk) retry(r *Retry) {
	if r == nil {
		return
	}
	w.addIf(r.Attempts != nil, RetryAttempts, r.Source.At("attempts"))
	w.addIf(len(r.Codes) > 0, RetryCodes, r.Source.At("codes"))
	w.addIf(len(r.On) > 0, RetryOn, r.Source.At("failures"))
	w.addIf(r.Backoff != nil, RetryBackoff, r.Source.At("backoff"))
}

func (w *useWalk) fault(f *Fault) {
	if f == nil {
		return
	}
	w.addIf(f.Delay != nil, FaultInjectionDelay, f.Source.At("delay"))
	w.addIf(f.Abort != nil, FaultInjectionAbort, f.Source.At("abort"))
}

func (w *useWalk) destination(d *DestinationPolicy) {
	if o := d.OutlierDetection; o != nil {
		w.add(Outlier, o.Source)
		w.addIf(o.MaxEjectionPercent != nil, OutlierMaxPercent, o.Source.At("maxEjectionPercent"))
	}
	if p := d.ConnectionPool; p != nil {
		w.addIf(p.MaxConnections != 0, PoolConnections, p.Source.At("maxConnections"))
		w.addIf(p.MaxPendingRequests != 0, PoolPending, p.Source.At("maxPendingRequests"))
		w.addIf(p.ConnectTimeout.Duration != 0, PoolConnectTimeout, p.Source.At("connectTimeout"))
	}
	if l := d.LoadBalancer; l != nil {
		w.addIf(l.Algorithm != "", LoadBalancing, l.Source.At("algorithm"))
		if h := l.ConsistentHash; h != nil {
			w.addIf(h.Header != "", HashHeader, l.Source.At("consistentHash"))
			w.addIf(h.Cookie != nil, HashByCookie, l.Source.At("consistentHash"))
			w.addIf(h.SourceIP, HashSourceIP, l.Source.At("consistentHash"))
		}
	}
	if d.RateLimit != nil {
		w.add(RateLimitLocal, d.RateLimit.Source)
	}
}

func (w *useWalk) rules(r *AccessRules) {
	for i := range r.Allow {
		w.callers(r.Allow[i].From, allowFeatures)
		w.operations(r.Allow[i].To)
	}
	for i := range r.Deny {
		w.callers(r.Deny[i].From, denyFeatures)
		w.operations(r.Deny[i].To)
	}
}

type callerFeatures struct{ identity, namespace, member, anyone Feature }

var (
	allowFeatures = callerFeatures{AllowIdentity, AllowNamespace, AllowMember, AllowAnyone}
	denyFeatures  = callerFeatures{DenyIdentity, DenyNamespace, DenyMember, DenyAnyone}
)

func (w *useWalk) callers(from []Caller, f callerFeatures) {
	for i := range from {
		c := &from[i]
		w.addIf(c.Identities != nil, f.identity, c.Source)
		w.addIf(c.Namespaces != nil, f.namespace, c.Source)
		w.addIf(c.Member, f.member, c.Source)
		w.addIf(c.Anyone, f.anyone, c.Source)
		w.addIf(c.Unidentified, DenyUnidentified, c.Source)
	}
}

var accessPathFeatures = map[PathType]Feature{
	PathExact: AccessPathExact, PathPrefix: AccessPathPrefix, PathRegex: AccessPathRegex,
}

func (w *useWalk) operations(to []Operation) {
	for i := range to {
		o := &to[i]
		w.addIf(len(o.Methods) > 0, AccessMethods, o.Source)
		for _, p := range o.Paths {
			w.add(accessPathFeatures[p.Type], o.Source)
		}
		w.addIf(len(o.Ports) > 0, AccessPorts, o.Source)
	}
}
