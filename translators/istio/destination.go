package istio

import (
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// destinationRule writes subsets and what applies to every connection to the
// Service, or nil where there is neither. It never says tls: that would switch
// off Istio's own choice of mutual TLS.
func destinationRule(u *ir.ServiceUnit) *networkingv1.DestinationRule {
	policy := trafficPolicy(u)
	if policy == nil && len(u.Subsets) == 0 {
		return nil
	}
	rule := &networkingv1.DestinationRule{
		TypeMeta:   typeMeta(destinationRuleKind),
		ObjectMeta: objectMeta(u.Service.Namespace, serviceObject(u.Service.Name)),
		Spec:       networking.DestinationRule{Host: u.Service.Host, TrafficPolicy: policy},
	}
	for _, s := range u.Subsets {
		rule.Spec.Subsets = append(rule.Spec.Subsets, &networking.Subset{Name: s.Name, Labels: s.Labels})
	}
	return rule
}

func destinationSources(u *ir.ServiceUnit) []ir.Source {
	var sources []ir.Source
	for _, s := range u.Subsets {
		sources = append(sources, s.Source)
	}
	return append(sources, u.Destination.Sources()...)
}

func trafficPolicy(u *ir.ServiceUnit) *networking.TrafficPolicy {
	d := &u.Destination
	if d.OutlierDetection == nil && d.ConnectionPool == nil && d.LoadBalancer == nil {
		return nil
	}
	return &networking.TrafficPolicy{
		OutlierDetection: outlierDetection(d.OutlierDetection),
		ConnectionPool:   connectionPool(d.ConnectionPool),
		LoadBalancer:     loadBalancer(d.LoadBalancer),
	}
}

// outlierDetection counts all 5xx, which Envoy's own errors of connections and
// timeouts are too; consecutiveGatewayErrors would count 502 to 504 alone.
func outlierDetection(o *ir.OutlierDetection) *networking.OutlierDetection {
	if o == nil {
		return nil
	}
	if o.MaxEjectionPercent != nil && *o.MaxEjectionPercent == 0 {
		// Istio takes a percentage of zero for its default; counting nothing
		// ejects nothing.
		return &networking.OutlierDetection{Consecutive_5XxErrors: wrapperspb.UInt32(0), ConsecutiveGatewayErrors: wrapperspb.UInt32(0)}
	}
	out := &networking.OutlierDetection{Interval: duration(o.Interval), BaseEjectionTime: duration(o.EjectionTime)}
	if o.ConsecutiveErrors > 0 {
		out.Consecutive_5XxErrors = wrapperspb.UInt32(unsigned(o.ConsecutiveErrors))
	}
	if o.MaxEjectionPercent != nil {
		out.MaxEjectionPercent = *o.MaxEjectionPercent
	}
	return out
}

// connectionPool translates the limits; nil where none is set.
func connectionPool(p *ir.ConnectionPool) *networking.ConnectionPoolSettings {
	if p == nil {
		return nil
	}
	tcp := &networking.ConnectionPoolSettings_TCPSettings{
		MaxConnections: p.MaxConnections, ConnectTimeout: duration(p.ConnectTimeout),
	}
	http := &networking.ConnectionPoolSettings_HTTPSettings{Http1MaxPendingRequests: p.MaxPendingRequests}
	out := &networking.ConnectionPoolSettings{Tcp: tcp, Http: http}
	if tcp.MaxConnections == 0 && tcp.ConnectTimeout == nil {
		out.Tcp = nil
	}
	if http.Http1MaxPendingRequests == 0 {
		out.Http = nil
	}
	if out.Tcp == nil && out.Http == nil {
		return nil
	}
	return out
}

var algorithms = map[ir.Algorithm]networking.LoadBalancerSettings_SimpleLB{
	ir.AlgorithmRoundRobin:   networking.LoadBalancerSettings_ROUND_ROBIN,
	ir.AlgorithmLeastRequest: networking.LoadBalancerSettings_LEAST_REQUEST,
	ir.AlgorithmRandom:       networking.LoadBalancerSettings_RANDOM,
}

func loadBalancer(l *ir.LoadBalancer) *networking.LoadBalancerSettings {
	switch {
	case l == nil:
		return nil
	case l.ConsistentHash == nil:
		return &networking.LoadBalancerSettings{
			LbPolicy: &networking.LoadBalancerSettings_Simple{Simple: algorithms[l.Algorithm]},
		}
	default:
		return &networking.LoadBalancerSettings{
			LbPolicy: &networking.LoadBalancerSettings_ConsistentHash{ConsistentHash: consistentHash(l.ConsistentHash)},
		}
	}
}

func consistentHash(h *ir.ConsistentHash) *networking.LoadBalancerSettings_ConsistentHashLB {
	out := &networking.LoadBalancerSettings_ConsistentHashLB{}
	switch {
	case h.Cookie != nil:
		// A lifetime of zero, written out, makes Envoy create a session cookie;
		// without it Envoy creates none.
		out.HashKey = &networking.LoadBalancerSettings_ConsistentHashLB_HttpCookie{
			HttpCookie: &networking.LoadBalancerSettings_ConsistentHashLB_HTTPCookie{
				Name: h.Cookie.Name, Path: h.Cookie.Path, Ttl: durationpb.New(h.Cookie.TTL.Duration),
			},
		}
	case h.SourceIP:
		out.HashKey = &networking.LoadBalancerSettings_ConsistentHashLB_UseSourceIp{UseSourceIp: true}
	default:
		out.HashKey = &networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName{HttpHeaderName: h.Header}
	}
	return out
}
