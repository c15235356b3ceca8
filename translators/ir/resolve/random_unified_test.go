package resolve

import (
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

func (r random) match() v1alpha1.HTTPRouteMatch {
	var m v1alpha1.HTTPRouteMatch
	if !r.maybe() {
		m.Path = &v1alpha1.HTTPPathMatch{
			Type:  pick(r, "", v1alpha1.PathMatchExact, v1alpha1.PathMatchPathPrefix, v1alpha1.PathMatchRegularExpression),
			Value: pick(r, "", "/", "/api", "/api/", "/api/ready", "/x"),
		}
	}
	if r.maybe() {
		m.Headers = []v1alpha1.HTTPHeaderMatch{{Name: "X", Value: r.number()}, {Name: "a", Value: pick(r, "b", "["), Type: pick(r, "", v1alpha1.HeaderMatchRegularExpression)}}
	}
	if r.maybe() {
		m.Method = pick(r, v1alpha1.HTTPMethodGet, v1alpha1.HTTPMethodPost)
	}
	return m
}

func (r random) filter() v1alpha1.HTTPRouteFilter {
	switch r.IntN(9) {
	case 0, 1, 2, 3:
		return v1alpha1.HTTPRouteFilter{RequestMirror: &v1alpha1.HTTPRequestMirrorFilter{BackendRef: r.backendRef()}}
	case 4, 5, 6, 7:
		return v1alpha1.HTTPRouteFilter{URLRewrite: &v1alpha1.HTTPURLRewriteFilter{Path: &v1alpha1.HTTPPathModifier{ReplacePrefixMatch: ptr.To("/x/")}}}
	default:
		return v1alpha1.HTTPRouteFilter{Type: "Odd"}
	}
}

func (r random) filters() []v1alpha1.HTTPRouteFilter {
	if r.IntN(4) > 0 {
		return nil
	}
	return some(r, 2, r.filter)
}

func (r random) backendRef() v1alpha1.BackendObjectReference {
	b := v1alpha1.BackendObjectReference{Name: r.service(), Port: pick[v1alpha1.PortNumber](r, 80, 80, 81)}
	if r.IntN(6) == 0 {
		b.Namespace = v1alpha1.Namespace(r.namespace())
	}
	return b
}

func (r random) splitBackend() v1alpha1.SplitBackendRef {
	if r.maybe() {
		return v1alpha1.SplitBackendRef{Name: r.service(), Port: pick[v1alpha1.PortNumber](r, 0, 80, 81), Weight: ptr.To(int32(r.IntN(3)))}
	}
	return v1alpha1.SplitBackendRef{Subset: &v1alpha1.Subset{Labels: map[string]string{"version": r.number()}}}
}

func (r random) split() client.Object {
	s := &v1alpha1.TrafficSplit{ObjectMeta: r.meta(r.name("split"))}
	s.Spec.Service.Name = r.service()
	s.Spec.Service.Ports = some(r, 2, func() v1alpha1.SplitPort {
		return v1alpha1.SplitPort{Port: pick[v1alpha1.PortNumber](r, 80, 81), Protocol: pick(r, "", v1alpha1.ProtocolHTTP)}
	})
	s.Spec.Rules = some(r, 2, func() v1alpha1.TrafficSplitRule {
		return v1alpha1.TrafficSplitRule{
			Name: v1alpha1.SectionName("r" + r.number()), Matches: some(r, 2, r.match), Filters: r.filters(),
			BackendRefs: some(r, 2, r.splitBackend),
		}
	})
	s.Spec.BackendRefs = append(some(r, 1, r.splitBackend), r.splitBackend())
	return s
}

func (r random) policy() client.Object {
	p := &v1alpha1.TrafficPolicy{ObjectMeta: r.meta(r.name("policy"))}
	p.Spec.OnUnsupported = pick(r, "", v1alpha1.UnsupportedIgnore)
	p.Spec.TargetRefs = some(r, 2, func() v1alpha1.PolicyTargetReference {
		switch r.IntN(3) {
		case 0:
			return v1alpha1.PolicyTargetReference{Kind: v1alpha1.PolicyTargetService, Name: r.service()}
		case 1:
			return v1alpha1.PolicyTargetReference{Kind: v1alpha1.PolicyTargetTrafficSplit, Name: v1alpha1.ObjectName(r.name("split")), SectionName: pick[v1alpha1.SectionName](r, "", "", "r0", "r1")}
		default:
			return v1alpha1.PolicyTargetReference{Kind: v1alpha1.PolicyTargetGatewayRoute, Name: v1alpha1.ObjectName(r.name("route")), SectionName: pick[v1alpha1.SectionName](r, "", "", "r0", "r1")}
		}
	})
	if !r.maybe() {
		p.Spec.Timeouts = &v1alpha1.HTTPRouteTimeouts{Request: pick[v1alpha1.Duration](r, "1s", "1s", "2s", "2s", "3s", "x")}
	}
	if r.maybe() {
		p.Spec.Retry = &v1alpha1.Retry{Attempts: ptr.To(int32(r.IntN(2)))}
	}
	if r.maybe() {
		p.Spec.OutlierDetection = &v1alpha1.OutlierDetection{ConsecutiveErrors: int32(1 + r.IntN(2))}
	}
	if r.maybe() {
		p.Spec.RateLimit = &v1alpha1.RateLimit{Local: v1alpha1.LocalRateLimit{Requests: int32(1 + r.IntN(2)), Per: v1alpha1.PerSecond}}
	}
	return p
}

func (r random) source() *v1alpha1.SourceReference {
	return &v1alpha1.SourceReference{Name: pick[v1alpha1.ObjectName](r, "s0", "s1", "x", "g0"), Namespace: pick[v1alpha1.Namespace](r, "", "", "a", "b")}
}

func (r random) caller() v1alpha1.AccessSource {
	switch r.IntN(6) {
	case 0:
		return v1alpha1.AccessSource{Anyone: &v1alpha1.SourceAnyone{}}
	case 1:
		return v1alpha1.AccessSource{ServiceAccount: r.source()}
	case 2:
		return v1alpha1.AccessSource{IngressGateway: r.source()}
	case 3:
		return v1alpha1.AccessSource{Namespace: &v1alpha1.SourceNamespace{Name: "a"}, Member: &v1alpha1.SourceMember{}}
	default:
		return v1alpha1.AccessSource{Service: r.source()}
	}
}

func (r random) access() client.Object {
	p := &v1alpha1.AccessPolicy{ObjectMeta: r.meta(r.name("access"))}
	p.Spec.Action = pick(r, v1alpha1.AccessAllow, v1alpha1.AccessDeny)
	p.Spec.TargetRefs = some(r, 2, func() v1alpha1.AccessTargetReference {
		return v1alpha1.AccessTargetReference{Kind: v1alpha1.AccessTargetService, Name: r.service()}
	})
	p.Spec.Rules = some(r, 2, func() v1alpha1.AccessRule {
		return v1alpha1.AccessRule{
			From: some(r, 2, r.caller),
			To: some(r, 1, func() v1alpha1.AccessOperation {
				var to v1alpha1.AccessOperation
				to.Paths = some(r, 1, func() v1alpha1.HTTPPathMatch {
					return v1alpha1.HTTPPathMatch{Value: pick(r, "", "/api", "/ready", "/other")}
				})
				if r.maybe() {
					to.Ports = []v1alpha1.PortNumber{pick[v1alpha1.PortNumber](r, 80, 81)}
				}
				return to
			}),
		}
	})
	return p
}

func (r random) parent() v1alpha1.ParentReference {
	return v1alpha1.ParentReference{
		Name: v1alpha1.ObjectName(pick(r, "g0", "g1")), Namespace: v1alpha1.Namespace(pick(r, "", "", "a")),
		SectionName: pick[v1alpha1.SectionName](r, "", "", "web", "tls"),
	}
}

func (r random) host() v1alpha1.Hostname {
	return pick[v1alpha1.Hostname](r, "x.example", "*.example", "y.x.example", "other.test")
}

func (r random) route() client.Object {
	o := &v1alpha1.GatewayRoute{ObjectMeta: r.meta(r.name("route"))}
	o.Spec.ParentRefs = some(r, 2, r.parent)
	o.Spec.Hostnames = some(r, 2, r.host)
	o.Spec.Rules = some(r, 2, func() v1alpha1.GatewayRouteRule {
		return v1alpha1.GatewayRouteRule{
			Name: v1alpha1.SectionName("r" + r.number()), Matches: some(r, 2, r.match), Filters: r.filters(),
			BackendRefs: some(r, 2, func() v1alpha1.BackendRef {
				return v1alpha1.BackendRef{BackendObjectReference: r.backendRef(), Weight: ptr.To(int32(1))}
			}),
		}
	})
	return o
}

func (r random) gateway() client.Object {
	g := &v1alpha1.IngressGateway{ObjectMeta: r.meta(pick(r, "g0", "g1"))}
	g.Spec.ControllerRef.Name = pick[v1alpha1.ObjectName](r, "c0", "c0", "c0", "c0", "c1")
	if !r.maybe() {
		g.Spec.MeshRef = &v1alpha1.ClusterObjectReference{Name: pick[v1alpha1.ObjectName](r, "m0", "shop", "shop", "shop")}
	}
	for _, name := range []v1alpha1.SectionName{"web", "tls"}[:1+r.IntN(2)] {
		l := v1alpha1.Listener{Name: name, Port: 80, Protocol: v1alpha1.ListenerHTTP}
		if r.IntN(6) == 0 {
			l.Hostname = r.host()
		}
		if !r.maybe() {
			l.AllowedRoutes = &v1alpha1.AllowedRoutes{Namespaces: v1alpha1.RouteNamespaces{
				From: pick(r, v1alpha1.RoutesFromAll, v1alpha1.RoutesFromAll, v1alpha1.RoutesFromSelector, v1alpha1.RoutesFromSame), Selector: r.selector(),
			}}
		}
		if name == "tls" {
			l.TLS = &v1alpha1.ListenerTLS{CertificateRefs: []v1alpha1.SecretObjectReference{{Name: "cert", Namespace: v1alpha1.Namespace(pick(r, "", "b"))}}}
		}
		g.Spec.Listeners = append(g.Spec.Listeners, l)
	}
	return g
}

func (r random) controller() client.Object {
	c := &v1alpha1.IngressController{ObjectMeta: r.global(pick(r, "c0", "c0", "c1"))}
	c.Spec.Provider = v1alpha1.IngressProviderIstio
	c.Spec.Mode = pick(r, v1alpha1.ModeAdopted, v1alpha1.ModeManaged)
	c.Spec.Namespace = v1alpha1.Namespace(pick(r, "", "", "", "b", "c"))
	if r.IntN(9) == 0 {
		c.Spec.AllowedNamespaces = ptr.To(r.selection())
	}
	return c
}

func (r random) external() client.Object {
	e := &v1alpha1.ExternalService{ObjectMeta: r.meta(r.name("ext"))}
	e.Spec.Hosts = append(some(r, 1, r.host), pick[v1alpha1.Hostname](r, "api.pay.example", "x.svc.cluster.local", "*.local"))
	e.Spec.Ports = []v1alpha1.ExternalPort{{Port: pick[v1alpha1.PortNumber](r, 80, 443), Protocol: v1alpha1.ExternalTLS}}
	e.Spec.Scope = pick(r, "", v1alpha1.ScopeMesh)
	e.Spec.Resolution = pick(r, "", v1alpha1.ResolutionStatic)
	e.Spec.Endpoints = some(r, 1, func() v1alpha1.ExternalEndpoint {
		return v1alpha1.ExternalEndpoint{Address: pick(r, "10.0.0.1", "no")}
	})
	return e
}
