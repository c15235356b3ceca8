package linkerd

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
	"github.com/meshloom/meshloom/translators/translatortest"
)

const (
	accessUnits       = 2500
	requestsPerAccess = 10
	accessSearches    = 600
	nodeAddress       = "192.168.1.1"
	podAddress        = "10.42.0.7"
	nodeNetwork       = "192.168.0.0/16"
	untouchedApp      = "details"
	fewestComparings  = 10_000
)

// accessSeeds found something once.
var accessSeeds = []uint64{0, 1, 7, 42}

// alterObjects changes objects before they are evaluated; alterUnit changes the
// unit that is translated, not the one that says what is meant. Nil changes
// nothing.
type (
	alterObjects func([]translators.Object) []translators.Object
	alterUnit    func(*ir.AccessUnit, *ir.NamespaceUnit)
)

// accessCase is a namespace: Services with policies, and pods without.
type accessCase struct {
	unit *ir.Unit
	env  translators.Env
	seed uint64
}

// newAccessCase adds to a random unit what the generator leaves out: a third
// Service whose pods overlap with the others', probes, and pods of no Service.
func newAccessCase(seed uint64) accessCase {
	g := translatortest.NewGen(seed)
	unit := g.AccessUnit()
	u := unit.Access
	if g.IntN(3) == 0 {
		third := translatortest.Clone(&u.Targets[0])
		third.Service.Name, third.Service.Selector = "stable", map[string]string{"tier": "stable"}
		third.Rules = g.AccessUnit().Access.Targets[0].Rules
		third.Workloads[0].Labels["tier"] = "stable"
		u.Targets = append(u.Targets, *third)
	}
	for i := range u.Targets {
		for j := range u.Targets[i].Workloads {
			if g.IntN(2) == 0 {
				path := []string{"/healthz", "/a", "/a/b", "/"}[g.IntN(4)]
				u.Targets[i].Workloads[j].Probes = []ir.Probe{{Path: path, Port: translatortest.HTTPPort}}
			}
		}
	}
	u.Strict = g.IntN(3) == 0
	c := accessCase{unit: unit, seed: seed}
	if g.IntN(2) == 0 {
		c.env.Facts = map[string]string{FactProbeNetworks: nodeNetwork}
	}
	return c
}

// namespace is the unit of the namespace that the access unit is in.
func (c accessCase) namespace() *ir.NamespaceUnit {
	u := c.unit.Access
	other := ir.Workload{
		Namespace: u.Namespace, Labels: map[string]string{"app": untouchedApp}, Identity: ir.Identity{Namespace: u.Namespace, ServiceAccount: "details"},
		Ports: []ir.ContainerPort{{Number: translatortest.HTTPPort}},
	}
	ns := &ir.NamespaceUnit{Mesh: u.Mesh, Name: u.Namespace, AccessDefault: u.Default, Access: u.NamespaceRules, Workloads: []ir.Workload{other}}
	if u.Strict {
		ns.MTLS = &ir.MTLS{Mode: ir.MTLSStrict}
	}
	for i := range u.Targets {
		ns.Services, ns.Targeted = append(ns.Services, u.Targets[i].Service), append(ns.Targeted, u.Targets[i].Service.Name)
		ns.Workloads = append(ns.Workloads, u.Targets[i].Workloads...)
	}
	return ns
}

// differs compares what the case means with what it comes to, over random
// requests: nothing is admitted that is denied and, where nothing had to be
// closed, nothing is refused that is admitted. The first difference is returned.
func (c accessCase) differs(unit alterUnit, objects alterObjects) string {
	meant, said, ns := c.unit.Access, translatortest.Clone(c.unit.Access), c.namespace()
	if unit != nil {
		unit(said, ns)
	}
	result, whole := translateAccess(c.env, said), translateNamespace(c.env, ns)
	all := slices.Concat(result.Objects, whole.Objects)
	if objects != nil {
		all = objects(all)
	} else if err := admissible(all); err != nil {
		return err.Error()
	}
	checked := slices.Concat(translators.Check(c.unit, accessSupports(c.env)), translators.Check(&ir.Unit{Namespace: c.namespace()}, accessSupports(c.env)))
	exact := !slices.ContainsFunc(slices.Concat(result.Issues, whole.Issues, checked), func(i ir.Issue) bool { return i.Effect == ir.EffectClosed })
	in := loadInbound(all, cmp.Or(inboundPolicy(c.env, c.namespace()), inboundAllUnauthenticated))
	if c.env.Facts[FactProbeNetworks] != "" {
		in.probers = nodeNetwork
	}
	g := translatortest.NewGen(c.seed + 1<<32)
	for range requestsPerAccess {
		pod, req, from := c.request(g)
		want := meantVerdict(meant, c.namespace(), pod.Labels, req)
		if meant.Strict && req.Caller == nil {
			want = eval.Verdict{Outcome: eval.Denied, Why: eval.ByDefault}
		}
		got, err := in.answer(pod, &req, from)
		if diff := compareAccess(accessAnswer{want, got, probed(pod, &req, from), c.opened(pod, &req, from), exact}, err); diff != "" {
			return fmt.Sprintf("%s\nlabels %v request %s from %s\nunit %s\nis %s", diff, pod.Labels, accessJSON(req), from.address, accessJSON(meant), accessJSON(all))
		}
	}
	return ""
}

// accessAnswer is what is meant and what is said of one request.
type accessAnswer struct {
	want           eval.Verdict
	got            inboundAnswer
	probed, opened bool
	// exact is true where nothing had to be closed.
	exact bool
}

func compareAccess(a accessAnswer, err error) string {
	switch admitted := a.got.status == 200; {
	case err != nil:
		return err.Error()
	case a.probed && !admitted:
		return fmt.Sprintf("a probe is answered %d", a.got.status)
	case a.opened:
		return ""
	case admitted && a.want.Outcome == eval.Denied:
		return fmt.Sprintf("widened: want %+v, got %+v", a.want, a.got)
	case a.exact && !admitted && a.want.Outcome != eval.Denied:
		return fmt.Sprintf("narrowed: want %+v, got %+v", a.want, a.got)
	case a.exact && a.want.Outcome == eval.MeshDefault && !a.got.byDefault:
		return fmt.Sprintf("the mesh's default does not decide: got %+v", a.got)
	}
	return ""
}

// probed says whether the request is kubelet's probe of the pod, which has to be
// answered.
func probed(pod ir.Workload, req *eval.Request, from caller) bool {
	return from.address == nodeAddress && slices.Contains(pod.Probes, ir.Probe{Path: req.Path, Port: req.Port})
}

// opened says whether the request is one that nobody can tell from kubelet's
// probe of pods that the same Services select: the declared exception.
func (c accessCase) opened(pod ir.Workload, req *eval.Request, from caller) bool {
	if req.Opaque || req.Method != "GET" || from.address != nodeAddress && c.env.Facts[FactProbeNetworks] != "" {
		return false
	}
	targets := c.unit.Access.Targets
	return slices.ContainsFunc(targets, func(t ir.AccessTarget) bool {
		return slices.ContainsFunc(t.Workloads, func(w ir.Workload) bool {
			alike := !slices.ContainsFunc(targets, func(t ir.AccessTarget) bool {
				return eval.Selects(t.Service.Selector, w.Labels) != eval.Selects(t.Service.Selector, pod.Labels)
			})
			return alike && slices.Contains(w.Probes, ir.Probe{Path: req.Path, Port: req.Port})
		})
	})
}

// request returns a pod, seen already or not, and a request to it.
func (c accessCase) request(g *translatortest.Gen) (ir.Workload, eval.Request, caller) {
	req := g.Request(c.unit)
	from := caller{req.Caller, podAddress}
	var pods []ir.Workload
	for _, target := range c.unit.Access.Targets {
		pods = append(pods, target.Workloads...)
	}
	pod := pods[g.IntN(len(pods))]
	switch g.IntN(6) {
	case 0:
		pod = ir.Workload{Labels: map[string]string{"app": "ratings", "version": "v3"}}
	case 1:
		pod = ir.Workload{Labels: map[string]string{"app": untouchedApp}}
	case 2:
		pod = ir.Workload{Labels: map[string]string{"app": untouchedApp, "tier": "stable"}}
	case 3:
		if len(pod.Probes) > 0 {
			req = eval.Request{Method: "GET", Path: pod.Probes[0].Path, Port: pod.Probes[0].Port, Headers: map[string]string{"user-agent": "kube-probe/1.37"}}
			from = caller{nil, nodeAddress}
		}
	}
	if g.IntN(10) == 0 {
		req.Opaque, req.Method, req.Path = true, "", ""
	}
	return pod, req, from
}

// meantVerdict is what the IR means for a pod: by the access unit where a Service
// of it selects the pod, else by the namespace.
func meantVerdict(u *ir.AccessUnit, ns *ir.NamespaceUnit, labels map[string]string, req eval.Request) eval.Verdict {
	if slices.ContainsFunc(u.Targets, func(t ir.AccessTarget) bool { return eval.Selects(t.Service.Selector, labels) }) {
		return eval.Access(u, labels, req)
	}
	return eval.Namespace(ns, req)
}

func accessJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func TestAccessMeansTheSame(t *testing.T) {
	seeds := slices.Clone(accessSeeds)
	for range accessUnits {
		seeds = append(seeds, rand.Uint64())
	}
	if len(seeds)*requestsPerAccess < fewestComparings {
		t.Fatal("too few requests to tell anything")
	}
	for _, seed := range seeds {
		c := newAccessCase(seed)
		if c.differs(nil, nil) == "" {
			continue
		}
		c.unit = translatortest.Shrink(c.unit, func(u *ir.Unit) bool {
			return declared(u.Access) && accessCase{u, c.env, seed}.differs(nil, nil) != ""
		})
		t.Fatalf("seed %d, which belongs to accessSeeds: %s", seed, c.differs(nil, nil))
	}
}

// declared says whether the ports that are asked are known: others stay open, and
// an Issue says so.
func declared(u *ir.AccessUnit) bool {
	return !slices.ContainsFunc(u.Targets, func(t ir.AccessTarget) bool {
		return slices.ContainsFunc(t.Service.Ports, func(p ir.Port) bool { return len(p.Targets) == 0 })
	})
}

// TestAccessPropertyNoticesMutations plants what a careless translation would
// write and asks that the property sees it.
func TestAccessPropertyNoticesMutations(t *testing.T) {
	objects := map[string]alterObjects{
		"a Server admits what it was not told to": eachObject(func(o *server) { o.Spec.AccessPolicy = "all-unauthenticated" }),
		"Servers overlap":                         eachObject(func(o *server) { o.Spec.PodSelector.MatchExpressions = nil }),
		"a port is forgotten":                     withoutObjects(func(o *server) bool { return o.Spec.Port == translatortest.OpaquePort }),
		"every member is every caller": eachObject(func(o *meshTLSAuthentication) {
			o.Spec = meshTLSAuthenticationSpec{Identities: []string{"*"}}
		}),
		"a ServiceAccount is its namespace": eachObject(func(o *meshTLSAuthentication) {
			for i, ref := range o.Spec.IdentityRefs {
				if ref.Kind == "ServiceAccount" {
					o.Spec.IdentityRefs[i] = policyRef{Kind: "Namespace", Name: ref.Namespace}
				}
			}
		}),
		"a name is taken for one of another namespace": eachObject(func(o *meshTLSAuthentication) {
			for i := range o.Spec.IdentityRefs {
				if o.Spec.IdentityRefs[i].Kind == "ServiceAccount" {
					o.Spec.IdentityRefs[i].Namespace = translatortest.Namespace
				}
			}
		}),
		"probes come from everywhere": eachObject(func(o *networkAuthentication) { o.Spec.Networks = []network{{CIDR: "0.0.0.0/0"}} }),
		"routes that admit nobody are left out": func(objects []translators.Object) []translators.Object {
			in := loadInbound(objects, "")
			return withoutObjects(func(o *gatewayv1.HTTPRoute) bool {
				return !slices.ContainsFunc(in.authorizations, func(p *authorizationPolicy) bool { return p.Spec.TargetRef.Name == o.Name })
			})(objects)
		},
		"probes are forgotten": withoutObjects(func(o *networkAuthentication) bool { return strings.Contains(o.Name, "probes") }),
		"grants of routes are the Server's": func(objects []translators.Object) []translators.Object {
			parents := map[string]string{}
			for _, r := range loadInbound(objects, "").routes {
				parents[r.Name] = string(r.Spec.ParentRefs[0].Name)
			}
			return eachObject(func(o *authorizationPolicy) {
				if parent, ok := parents[o.Spec.TargetRef.Name]; ok {
					o.Spec.TargetRef.Kind, o.Spec.TargetRef.Name = "Server", parent
				}
			})(objects)
		},
		"methods are forgotten": eachObject(func(o *gatewayv1.HTTPRoute) { eachAccessMatch(o, func(m *gatewayv1.HTTPRouteMatch) { m.Method = nil }) }),
		"exact paths are prefixes": eachObject(func(o *gatewayv1.HTTPRoute) {
			eachAccessMatch(o, func(m *gatewayv1.HTTPRouteMatch) { *m.Path.Type = gatewayv1.PathMatchPathPrefix })
		}),
	}
	units := map[string]alterUnit{
		"Deny rules are forgotten": func(u *ir.AccessUnit, _ *ir.NamespaceUnit) {
			for i := range u.Targets {
				u.Targets[i].Rules.Deny = nil
			}
		},
		"a closed target is forgotten": func(u *ir.AccessUnit, _ *ir.NamespaceUnit) {
			for i := range u.Targets {
				u.Targets[i].Rules.DenyAll = false
			}
		},
		"the namespace's rules are forgotten": func(u *ir.AccessUnit, _ *ir.NamespaceUnit) { u.NamespaceRules = nil },
		"policies that admit nobody are forgotten": func(u *ir.AccessUnit, _ *ir.NamespaceUnit) {
			for i := range u.Targets {
				u.Targets[i].Rules.AllowSelected = false
			}
		},
		"targeted pods are governed twice":        func(_ *ir.AccessUnit, ns *ir.NamespaceUnit) { ns.Targeted = nil },
		"plaintext is forgotten":                  func(u *ir.AccessUnit, _ *ir.NamespaceUnit) { u.Strict = false },
		"plaintext is forgotten in the namespace": func(_ *ir.AccessUnit, ns *ir.NamespaceUnit) { ns.MTLS = nil },
		"only one target counts":                  func(u *ir.AccessUnit, _ *ir.NamespaceUnit) { u.Targets = u.Targets[:1] },
	}
	for name, change := range objects {
		t.Run(name, func(t *testing.T) { accessNotices(t, nil, change) })
	}
	for name, change := range units {
		t.Run(name, func(t *testing.T) { accessNotices(t, change, nil) })
	}
}

func accessNotices(t *testing.T, unit alterUnit, objects alterObjects) {
	t.Helper()
	for seed := range uint64(accessSearches) {
		if newAccessCase(seed).differs(unit, objects) != "" {
			return
		}
	}
	t.Errorf("the mutation went unnoticed in %d units", accessSearches)
}

func eachObject[T any](change func(T)) alterObjects {
	return func(objects []translators.Object) []translators.Object {
		for _, obj := range objects {
			if o, ok := any(obj.Object).(T); ok {
				change(o)
			}
		}
		return objects
	}
}

func withoutObjects[T any](drop func(T) bool) alterObjects {
	return func(objects []translators.Object) []translators.Object {
		return slices.DeleteFunc(objects, func(obj translators.Object) bool {
			o, ok := any(obj.Object).(T)
			return ok && drop(o)
		})
	}
}

func eachAccessMatch(r *gatewayv1.HTTPRoute, change func(*gatewayv1.HTTPRouteMatch)) {
	for i := range r.Spec.Rules {
		for j := range r.Spec.Rules[i].Matches {
			change(&r.Spec.Rules[i].Matches[j])
		}
	}
}

// TestRegionsDivide asks that regions have no pod in common and that each knows
// the selectors that select its pods.
func TestRegionsDivide(t *testing.T) {
	keys, values := []string{"app", "tier", "version"}, []string{"a", "b"}
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, seed))
		var selectors []map[string]string
		for range 1 + r.IntN(4) {
			selector := map[string]string{}
			for _, key := range keys {
				if r.IntN(2) == 0 {
					selector[key] = values[r.IntN(2)]
				}
			}
			if len(selector) == 0 {
				selector["app"] = "a"
			}
			selectors = append(selectors, selector)
		}
		for pod := range 27 {
			labels := map[string]string{}
			for i, key := range keys {
				if v := pod / []int{1, 3, 9}[i] % 3; v > 0 {
					labels[key] = values[v-1]
				}
			}
			isDivided(t, selectors, labels)
		}
	}
}

func isDivided(t *testing.T, selectors []map[string]string, labels map[string]string) {
	t.Helper()
	var want []int
	for i, selector := range selectors {
		if eval.Selects(selector, labels) {
			want = append(want, i)
		}
	}
	var in []region
	for _, r := range regions(selectors) {
		if selectsPod(r.selector(), labels) != r.has(labels) {
			t.Fatalf("region %s and its selector differ about %v", r.key(), labels)
		}
		if r.has(labels) {
			in = append(in, r)
		}
	}
	if len(in) != 1 || !slices.Equal(in[0].in, want) {
		t.Fatalf("%v is in %d regions; selectors %v", labels, len(in), selectors)
	}
	rest := slices.ContainsFunc(minus([]region{{}}, selectors), func(r region) bool { return r.has(labels) })
	if rest != (len(want) == 0) {
		t.Fatalf("%v is left over: %v; selectors %v", labels, rest, selectors)
	}
	held := 0
	for _, r := range coarse(selectors) {
		if r.has(labels) {
			held++
		}
	}
	if held > 1 || held == 0 && len(want) > 0 {
		t.Fatalf("%v is in %d coarse regions; selectors %v", labels, held, selectors)
	}
}

// TestManyOverlapsAreClosed asks that Services which overlap in too many ways
// refuse everybody, with few Servers.
func TestManyOverlapsAreClosed(t *testing.T) {
	u := translatortest.NewGen(3).AccessUnit().Access
	all := map[string]string{}
	first := u.Targets[0]
	u.Targets = nil
	for i := range 20 {
		target := translatortest.Clone(&first)
		key := fmt.Sprintf("k%02d", i)
		target.Service.Name, target.Service.Selector = key, map[string]string{key: "on"}
		all[key] = "on"
		target.Workloads = target.Workloads[:1]
		target.Workloads[0].Labels = maps.Clone(target.Service.Selector)
		u.Targets = append(u.Targets, *target)
	}
	result := translateAccess(translators.Env{}, u)
	if len(result.Objects) > 100 || !slices.ContainsFunc(result.Issues, func(i ir.Issue) bool { return i.Code == codeTooManyOverlaps && i.Effect == ir.EffectClosed }) {
		t.Errorf("%d objects, issues %v", len(result.Objects), result.Issues)
	}
	in := loadInbound(result.Objects, "all-unauthenticated")
	for _, labels := range []map[string]string{all, {"k00": "on"}, {"k19": "on"}, {"k03": "on", "k07": "on"}} {
		req := eval.Request{Method: "GET", Path: "/a", Port: translatortest.HTTPPort}
		if got := mustAnswer(t, in, ir.Workload{Labels: labels}, req, caller{&ir.Identity{Namespace: "batch", ServiceAccount: "cron"}, podAddress}); got.status != 403 || got.byDefault {
			t.Errorf("%v: %+v", labels, got)
		}
	}
}
