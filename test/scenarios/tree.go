package scenarios

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// tree follows all the ways that a request can take and sums them up.
type tree struct {
	oracle  *Oracle
	origin  Origin
	params  url.Values
	asked   eval.Request
	outcome *Outcome
	// timeout is the smallest on the way.
	timeout time.Duration
}

// follow takes every share of a decision on to where it goes, after the faults
// that are injected before.
func (t *tree) follow(d *eval.Decision, part float64, onward func(eval.Share, float64)) {
	if d.Status != 0 {
		t.proxy(int(d.Status), part)
		t.redirected(d)
		return
	}
	if d.Fault != nil && d.Fault.Abort != nil {
		share := float64(d.Fault.Abort.Percent) / 100
		t.proxy(int(d.Fault.Abort.HTTPStatus), part*share)
		part *= 1 - share
	}
	outer := t.timeout
	if d.Timeout != nil && *d.Timeout > 0 && (t.timeout == 0 || *d.Timeout < t.timeout) {
		t.timeout = *d.Timeout
	}
	for _, share := range d.Shares {
		if share.Status != 0 {
			t.proxy(int(share.Status), part*share.Part.Float())
			continue
		}
		onward(share, part*share.Part.Float())
	}
	t.timeout = outer
}

// behindGateway goes on with what the mesh says of the Service that a route of
// the gateway names.
func (t *tree) behindGateway(s eval.Share, part float64) {
	id := Gateway
	s.Request.Caller = &id
	inner := t.oracle.inMesh(ir.Ref{Kind: "Service", Namespace: s.To.Namespace, Name: s.To.Name}, s.Request)
	t.follow(&inner, part, func(next eval.Share, part float64) {
		next.Response = append(next.Response, s.Response...)
		t.arrive(next, part)
	})
}

// arrive asks whether the pods let the request in, and answers as they do.
func (t *tree) arrive(s eval.Share, part float64) {
	pods, namespace := t.oracle.behind(s.To), s.To.Namespace
	var names []string
	for _, p := range pods {
		names = append(names, p.name)
	}
	s.Request.Port = containerPort
	switch status := http.StatusOK; {
	case len(pods) == 0:
		t.proxy(http.StatusServiceUnavailable, part)
	case t.oracle.denies(namespace, pods[0], s.Request):
		t.proxy(http.StatusForbidden, part)
	case t.timeout > 0 && t.delay() > t.timeout:
		t.proxy(http.StatusGatewayTimeout, part)
	default:
		if fail, err := strconv.Atoi(t.params.Get("fail")); err == nil {
			status = fail
		}
		add(t.outcome.Statuses, strconv.Itoa(status), part)
		add(t.outcome.Answerers, strings.Join(names, "|"), part)
		t.seen(&s)
	}
}

// delay is what the request asks the server for.
func (t *tree) delay() time.Duration {
	d, err := time.ParseDuration(t.params.Get("delay"))
	if err != nil {
		return 0
	}
	return d
}

// seen notes what the server receives and what the caller gets back. Where
// shares differ in it the last one counts; scenarios look at it where all are
// the same.
func (t *tree) seen(s *eval.Share) {
	header := map[string]string{}
	for name, value := range s.Request.Headers {
		header[name] = value
	}
	for name := range t.asked.Headers {
		if _, kept := s.Request.Headers[name]; !kept {
			header[name] = ""
		}
	}
	t.outcome.Sees = &Seen{Host: s.Request.Host, Path: s.Request.Path, Header: header}
	for _, modifier := range s.Response {
		for name, value := range eval.ModifyHeaders(nil, modifier) {
			t.header(name, value)
		}
		for _, name := range modifier.Remove {
			t.header(name, "")
		}
	}
}

// redirected notes what a response says that no server gave.
func (t *tree) redirected(d *eval.Decision) {
	if d.Location != "" {
		t.header("location", d.Location)
	}
	for name, value := range d.Headers {
		t.header(name, value)
	}
}

func (t *tree) header(name, value string) {
	if t.outcome.Header == nil {
		t.outcome.Header = map[string]string{}
	}
	t.outcome.Header[strings.ToLower(name)] = value
}

// proxy adds a part that no server answers.
func (t *tree) proxy(status int, part float64) {
	add(t.outcome.Statuses, strconv.Itoa(status), part)
	add(t.outcome.Answerers, "", part)
}

func add(parts map[string]float64, name string, part float64) {
	if part > 0 {
		parts[name] += part
	}
}

// behind returns the pods of a destination, sorted by name.
func (o *Oracle) behind(to eval.Destination) []pod {
	selector := o.selector(to)
	var found []pod
	for _, p := range o.pods {
		if p.namespace == to.Namespace && eval.Selects(selector, p.labels) {
			found = append(found, p)
		}
	}
	return slices.SortedFunc(slices.Values(found), func(a, b pod) int { return strings.Compare(a.name, b.name) })
}

// selector is the Service's, with the labels of the subset.
func (o *Oracle) selector(to eval.Destination) map[string]string {
	unit, _ := o.store.Resolve(ir.Key{Kind: ir.KindService, Mesh: meshName, Namespace: to.Namespace, Name: to.Name}, resolve.Exclusions{})
	selector := o.plainSelector(to)
	if unit == nil || to.Subset == "" {
		return selector
	}
	for _, subset := range unit.Service.Subsets {
		if subset.Name == to.Subset {
			selector = maps.Clone(selector)
			maps.Copy(selector, subset.Labels)
		}
	}
	return selector
}

// denies asks the policies that govern the pod.
func (o *Oracle) denies(namespace string, p pod, r eval.Request) bool {
	for _, key := range o.store.Keys() {
		if key.Kind != ir.KindAccess || key.Namespace != namespace {
			continue
		}
		unit, _ := o.store.Resolve(key, resolve.Exclusions{})
		if unit != nil && slices.ContainsFunc(unit.Access.Targets, func(t ir.AccessTarget) bool { return eval.Selects(t.Service.Selector, p.labels) }) {
			return eval.Access(unit.Access, p.labels, r).Outcome == eval.Denied
		}
	}
	unit, _ := o.store.Resolve(ir.Key{Kind: ir.KindNamespace, Mesh: meshName, Namespace: namespace}, resolve.Exclusions{})
	return unit != nil && eval.Namespace(unit.Namespace, r).Outcome == eval.Denied
}
