package scenarios

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/ir/resolve"
)

// meshName is that of the base's Mesh.
const meshName = "scenarios"

// Oracle says what the reference evaluator expects of requests.
type Oracle struct {
	store *resolve.Store
	pods  []pod
}

// NewOracle reads the base and the scenario's manifests.
func NewOracle(base *Base, s Scenario) (*Oracle, error) {
	own, err := s.Manifests()
	if err != nil {
		return nil, err
	}
	gateway, err := manifests.ReadFile("testdata/base/gateway.yaml")
	if err != nil {
		return nil, fmt.Errorf("read base: %w", err)
	}
	o := &Oracle{store: resolve.NewStore(resolve.Options{})}
	for _, text := range [][]byte{base.Apps, gateway, base.Mesh, own} {
		set, err := read(text)
		if err != nil {
			return nil, fmt.Errorf("read scenario %s: %w", s.Name, err)
		}
		for _, object := range set.Objects {
			o.store.Upsert(object.Object)
		}
	}
	for _, w := range workloads() {
		o.pods = append(o.pods, pod{w.Namespace, w.App + "-" + w.Version, map[string]string{"app": w.App, "version": w.Version}})
	}
	return o, nil
}

// pod is a pod of the echo server: what it answers as, and its labels.
type pod struct {
	namespace, name string
	labels          map[string]string
}

// containerPort is the port of every echo server.
const containerPort = 8080

// Expect returns what has to come of the check's requests: what the check
// states, else what follows from the manifests.
func (o *Oracle) Expect(c *Check) (*Outcome, error) {
	if c.Want != nil {
		return c.Want, nil
	}
	asked, params, err := request(c)
	if err != nil {
		return nil, fmt.Errorf("read request of %s: %w", c.Name, err)
	}
	out := &tree{oracle: o, origin: c.From, params: params, asked: asked, outcome: &Outcome{Statuses: map[string]float64{}, Answerers: map[string]float64{}}}
	if c.From.Listener != "" {
		decision := o.atGateway(c.From.Listener, asked)
		out.follow(&decision, 1, out.behindGateway)
	} else if service, ok := o.service(asked.Host, c.From.Namespace); ok {
		decision := o.inMesh(service, asked)
		if c.From.Outsider {
			decision = eval.Decision{Shares: []eval.Share{{Part: "1", To: eval.Destination{Namespace: service.Namespace, Name: service.Name, Port: asked.Port}, Request: asked}}}
		}
		out.follow(&decision, 1, out.arrive)
	} else {
		return nil, fmt.Errorf("request of %s goes to %s, which is no Service of the scenario: state what it wants", c.Name, asked.Host)
	}
	return out.outcome, nil
}

// request turns what is sent into a request as the evaluator knows it.
func request(c *Check) (eval.Request, url.Values, error) {
	u, err := url.Parse(c.Send.URL)
	if err != nil {
		return eval.Request{}, nil, err
	}
	r := eval.Request{
		Method: cmp.Or(c.Send.Method, http.MethodGet), Scheme: u.Scheme, Host: u.Hostname(), Path: cmp.Or(u.Path, "/"),
		Headers: map[string]string{}, Caller: c.From.identity(), Port: 80,
	}
	if u.Scheme == "https" {
		r.Port = 443
	}
	if port := u.Port(); port != "" {
		number, err := strconv.ParseInt(port, 10, 32)
		if err != nil {
			return eval.Request{}, nil, err
		}
		r.Port = int32(number)
	}
	if c.Send.Host != "" {
		r.Host = c.Send.Host
	}
	for name, values := range c.Send.Header {
		r.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != "" {
			r.Query = append(r.Query, eval.Param{Name: name, Value: value})
		}
	}
	return r, u.Query(), nil
}

// service finds the Service that a host names for a caller of a namespace.
func (o *Oracle) service(host, namespace string) (ir.Ref, bool) {
	parts := strings.Split(host, ".")
	if len(parts) > 1 {
		namespace = parts[1]
	}
	ref := ir.Ref{Kind: "Service", Namespace: namespace, Name: parts[0]}
	_, ok := o.store.Object(ref)
	return ref, ok && net.ParseIP(host) == nil
}

// inMesh asks what becomes of a member's request to a Service.
func (o *Oracle) inMesh(service ir.Ref, r eval.Request) eval.Decision {
	unit, _ := o.store.Resolve(ir.Key{Kind: ir.KindService, Mesh: meshName, Namespace: service.Namespace, Name: service.Name}, resolve.Exclusions{})
	if unit == nil {
		to := eval.Destination{Namespace: service.Namespace, Name: service.Name, Port: r.Port}
		return eval.Decision{Line: -1, Shares: []eval.Share{{Part: "1", To: to, Request: r}}}
	}
	return eval.Service(unit.Service, r)
}

// atGateway asks what becomes of a request to a listener of the gateway: the
// most specific of its hostnames decides.
func (o *Oracle) atGateway(listener string, r eval.Request) eval.Decision {
	var keys []ir.Key
	for _, key := range o.store.Keys() {
		if key.Kind == ir.KindRoute && key.Namespace == Gateway.Namespace && key.Name == Gateway.ServiceAccount &&
			key.Listener == listener && eval.MatchHost(key.Hostname, r.Host) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return eval.Decision{Status: http.StatusNotFound}
	}
	best := slices.MaxFunc(keys, func(a, b ir.Key) int {
		return cmp.Or(cmp.Compare(b2i(!strings.HasPrefix(a.Hostname, "*")), b2i(!strings.HasPrefix(b.Hostname, "*"))),
			cmp.Compare(len(a.Hostname), len(b.Hostname)))
	})
	unit, _ := o.store.Resolve(best, resolve.Exclusions{})
	if unit == nil {
		return eval.Decision{Status: http.StatusNotFound}
	}
	return eval.Route(unit.Route, r)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// plainSelector is that of the destination's Service.
func (o *Oracle) plainSelector(to eval.Destination) map[string]string {
	object, _ := o.store.Object(ir.Ref{Kind: "Service", Namespace: to.Namespace, Name: to.Name})
	if service, ok := object.(*corev1.Service); ok {
		return service.Spec.Selector
	}
	return nil
}
