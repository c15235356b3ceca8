package linkerd

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// The functions of this file do with Servers, authorizations and routes what
// Linkerd's policy controller and its proxies were seen to do with them, on
// requests instead of sockets. They share no code with the translation.

// inbound is what the policy controller knows of a namespace.
type inbound struct {
	servers        []*server
	authorizations []*authorizationPolicy
	meshTLS        map[string]*meshTLSAuthentication
	networks       map[string]*networkAuthentication
	routes         []*gatewayv1.HTTPRoute
	// fallback is the inbound policy that pods were created with.
	fallback string
	// probers is the network that the installation takes for kubelet's.
	probers string
}

func loadInbound(objects []translators.Object, fallback string) *inbound {
	in := &inbound{meshTLS: map[string]*meshTLSAuthentication{}, networks: map[string]*networkAuthentication{}, fallback: fallback, probers: "0.0.0.0/0"}
	for _, obj := range objects {
		switch o := obj.Object.(type) {
		case *server:
			in.servers = append(in.servers, o)
		case *authorizationPolicy:
			in.authorizations = append(in.authorizations, o)
		case *meshTLSAuthentication:
			in.meshTLS[o.Name] = o
		case *networkAuthentication:
			in.networks[o.Name] = o
		case *gatewayv1.HTTPRoute:
			in.routes = append(in.routes, o)
		}
	}
	return in
}

// caller is who connects, and from where.
type caller struct {
	identity *ir.Identity
	address  string
}

// inboundAnswer is what becomes of a request: a status, 200 where it is let
// through; byDefault where no Server governs the port.
type inboundAnswer struct {
	status    int
	byDefault bool
}

// answer decides a request to a pod with the labels and, where kubelet has them,
// probes. What Linkerd leaves to chance is an error.
func (in *inbound) answer(pod ir.Workload, req *eval.Request, from caller) (inboundAnswer, error) {
	var governs *server
	for _, s := range in.servers {
		if s.Spec.Port != req.Port || !selectsPod(s.Spec.PodSelector, pod.Labels) {
			continue
		}
		if governs != nil {
			return inboundAnswer{}, fmt.Errorf("Servers %s and %s overlap", governs.Name, s.Name)
		}
		governs = s
	}
	if governs == nil {
		ok := in.isProbe(pod, req, from) || byInboundPolicy(in.fallback, from)
		return inboundAnswer{statusOf(ok), true}, nil
	}
	granted := byInboundPolicy(governs.Spec.AccessPolicy, from) || in.authorized("Server", governs.Name, from)
	if req.Opaque || governs.Spec.ProxyProtocol != "unknown" {
		return inboundAnswer{status: statusOf(granted)}, nil
	}
	attached := in.attached(governs.Name)
	if len(attached) == 0 {
		return inboundAnswer{status: statusOf(granted || in.isProbe(pod, req, from))}, nil
	}
	route, err := bestRoute(attached, req)
	if err != nil || route == nil {
		return inboundAnswer{status: 404}, err
	}
	return inboundAnswer{status: statusOf(granted || in.authorized("HTTPRoute", route.Name, from))}, nil
}

func statusOf(ok bool) int {
	if ok {
		return 200
	}
	return 403
}

// isProbe says whether the request is one that Linkerd admits for kubelet's sake
// while no route is attached.
func (in *inbound) isProbe(pod ir.Workload, req *eval.Request, from caller) bool {
	near := netip.MustParsePrefix(in.probers).Contains(netip.MustParseAddr(from.address))
	return near && !req.Opaque && req.Method == "GET" && slices.Contains(pod.Probes, ir.Probe{Path: req.Path, Port: req.Port})
}

func byInboundPolicy(policy string, from caller) bool {
	switch policy {
	case "all-unauthenticated":
		return true
	case "all-authenticated":
		return from.identity != nil
	}
	return false
}

func (in *inbound) attached(serverName string) []*gatewayv1.HTTPRoute {
	var out []*gatewayv1.HTTPRoute
	for _, r := range in.routes {
		if slices.ContainsFunc(r.Spec.ParentRefs, func(p gatewayv1.ParentReference) bool {
			return *p.Group == "policy.linkerd.io" && *p.Kind == "Server" && string(p.Name) == serverName
		}) {
			out = append(out, r)
		}
	}
	return out
}

// authorized says whether any authorization of the target has all of its
// authentications satisfied. One that refers to nothing is ignored.
func (in *inbound) authorized(kind, name string, from caller) bool {
	return slices.ContainsFunc(in.authorizations, func(p *authorizationPolicy) bool {
		if p.Spec.TargetRef.Kind != kind || p.Spec.TargetRef.Name != name {
			return false
		}
		for _, ref := range p.Spec.RequiredAuthenticationRefs {
			mesh, network := in.meshTLS[ref.Name], in.networks[ref.Name]
			switch {
			case ref.Kind == "MeshTLSAuthentication" && mesh != nil && identified(mesh, from):
			case ref.Kind == "NetworkAuthentication" && network != nil && connected(network, from):
			default:
				return false
			}
		}
		return true
	})
}

func identified(m *meshTLSAuthentication, from caller) bool {
	if from.identity == nil {
		return false
	}
	const suffix = ".serviceaccount.identity.linkerd.cluster.local"
	name := from.identity.ServiceAccount + "." + from.identity.Namespace + suffix
	for _, pattern := range m.Spec.Identities {
		if below, ok := strings.CutPrefix(pattern, "*"); ok && strings.HasSuffix(name, below) || pattern == name {
			return true
		}
	}
	for _, ref := range m.Spec.IdentityRefs {
		switch ref.Kind {
		case "Namespace":
			if strings.HasSuffix(name, "."+ref.Name+suffix) {
				return true
			}
		case "ServiceAccount":
			if name == ref.Name+"."+ref.Namespace+suffix {
				return true
			}
		}
	}
	return false
}

func connected(n *networkAuthentication, from caller) bool {
	address := netip.MustParseAddr(from.address)
	return slices.ContainsFunc(n.Spec.Networks, func(n network) bool { return netip.MustParsePrefix(n.CIDR).Contains(address) })
}

func selectsPod(selector *metav1.LabelSelector, labels map[string]string) bool {
	for key, value := range selector.MatchLabels {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	for _, e := range selector.MatchExpressions {
		has, ok := labels[e.Key]
		if e.Operator != metav1.LabelSelectorOpNotIn || ok && slices.Contains(e.Values, has) {
			return false
		}
	}
	return true
}

// bestRoute returns the route with the best match: the longest path, whether it is
// exact or a prefix, then the most headers, then a method. Which of two equal ones
// holds depends on their age, so that is an error.
func bestRoute(routes []*gatewayv1.HTTPRoute, req *eval.Request) (*gatewayv1.HTTPRoute, error) {
	var best *gatewayv1.HTTPRoute
	most := -1
	for _, route := range routes {
		for _, rule := range route.Spec.Rules {
			for i := range rule.Matches {
				rank := matchRank(&rule.Matches[i], req)
				if rank >= 0 && rank == most {
					return nil, fmt.Errorf("routes %s and %s match %s %s equally", best.Name, route.Name, req.Method, req.Path)
				}
				if rank > most {
					best, most = route, rank
				}
			}
		}
	}
	return best, nil
}

// matchRank is -1 where the match does not hold.
func matchRank(m *gatewayv1.HTTPRouteMatch, req *eval.Request) int {
	rank := 0
	value := *m.Path.Value
	switch *m.Path.Type {
	case gatewayv1.PathMatchExact:
		if req.Path != value {
			return -1
		}
		rank = 100 * len(value)
	case gatewayv1.PathMatchPathPrefix:
		want, have := strings.Split(strings.TrimSuffix(value, "/"), "/"), strings.Split(req.Path, "/")
		if len(have) < len(want) || !slices.Equal(want, have[:len(want)]) {
			return -1
		}
		rank = 100 * len(value)
	default:
		return -1
	}
	for _, h := range m.Headers {
		if !regexp.MustCompile("^(?:" + h.Value + ")$").MatchString(req.Headers[string(h.Name)]) {
			return -1
		}
		rank += 10
	}
	if m.Method != nil {
		if string(*m.Method) != req.Method {
			return -1
		}
		rank++
	}
	return rank
}

// admissible returns what Linkerd's webhook and Gateway API would refuse.
func admissible(objects []translators.Object) error {
	for _, obj := range objects {
		switch o := obj.Object.(type) {
		case *authorizationPolicy:
			counts := map[string]int{}
			for _, ref := range o.Spec.RequiredAuthenticationRefs {
				counts[ref.Kind]++
			}
			if counts["MeshTLSAuthentication"]+counts["ServiceAccount"] > 1 || counts["NetworkAuthentication"] > 1 {
				return fmt.Errorf("AuthorizationPolicy %s requires too much", o.Name)
			}
		case *meshTLSAuthentication:
			if (len(o.Spec.Identities) > 0) == (len(o.Spec.IdentityRefs) > 0) {
				return fmt.Errorf("MeshTLSAuthentication %s has both or none of identities and identityRefs", o.Name)
			}
		case *gatewayv1.HTTPRoute:
			if len(o.Spec.Rules) > 16 || slices.ContainsFunc(o.Spec.Rules, func(r gatewayv1.HTTPRouteRule) bool { return len(r.Matches) > 8 || len(r.Filters) > 0 }) {
				return fmt.Errorf("HTTPRoute %s holds more than every release takes", o.Name)
			}
		}
	}
	for i, a := range objects {
		one, ok := a.Object.(*server)
		for _, b := range objects[i+1:] {
			other, both := b.Object.(*server)
			if ok && both && one.Spec.Port == other.Spec.Port && metav1.FormatLabelSelector(one.Spec.PodSelector) == metav1.FormatLabelSelector(other.Spec.PodSelector) {
				return fmt.Errorf("Servers %s and %s select the same", one.Name, other.Name)
			}
		}
	}
	return nil
}

// mustAnswer is answer for tests that know what they ask.
func mustAnswer(t *testing.T, in *inbound, pod ir.Workload, req eval.Request, from caller) inboundAnswer {
	t.Helper()
	got, err := in.answer(pod, &req, from)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
