package resolve

import (
	"strings"
	"time"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// destination merges what the Service's policies say of connections to it.
func (r *serviceResolution) destination() ir.DestinationPolicy {
	var d ir.DestinationPolicy
	pick := func(name string, set func(*v1alpha1.TrafficPolicySpec) bool) (*v1alpha1.TrafficPolicySpec, ir.Source) {
		p := r.nearest(name, set, [][]*v1alpha1.TrafficPolicy{r.policies})
		if p == nil {
			return nil, ir.Source{}
		}
		return &p.Spec, sourceOf(p).At("spec." + name)
	}
	for _, field := range policyFields {
		if !field.service {
			continue
		}
		spec, source := pick(field.name, field.set)
		if spec == nil {
			continue
		}
		switch field.name {
		case "outlierDetection":
			d.OutlierDetection = outlierDetection(spec.OutlierDetection, source)
		case "connectionPool":
			d.ConnectionPool = &ir.ConnectionPool{
				MaxConnections:     spec.ConnectionPool.MaxConnections,
				MaxPendingRequests: spec.ConnectionPool.MaxPendingRequests,
				ConnectTimeout:     duration(spec.ConnectionPool.ConnectTimeout),
				Source:             source,
			}
		case "loadBalancer":
			d.LoadBalancer = loadBalancer(spec.LoadBalancer, source)
		case "rateLimit":
			d.RateLimit = rateLimit(spec.RateLimit, source)
		}
	}
	return d
}

func outlierDetection(o *v1alpha1.OutlierDetection, source ir.Source) *ir.OutlierDetection {
	return &ir.OutlierDetection{
		ConsecutiveErrors:  o.ConsecutiveErrors,
		Interval:           duration(o.Interval),
		EjectionTime:       duration(o.EjectionTime),
		MaxEjectionPercent: o.MaxEjectionPercent,
		Source:             source,
	}
}

func loadBalancer(l *v1alpha1.LoadBalancer, source ir.Source) *ir.LoadBalancer {
	shown := &ir.LoadBalancer{Algorithm: ir.Algorithm(l.Algorithm), Source: source}
	h := l.ConsistentHash
	switch {
	case h == nil:
	case h.Header != nil:
		shown.ConsistentHash = &ir.ConsistentHash{Header: strings.ToLower(string(h.Header.Name))}
	case h.Cookie != nil:
		shown.ConsistentHash = &ir.ConsistentHash{Cookie: &ir.HashCookie{
			Name: string(h.Cookie.Name), Path: orElse(h.Cookie.Path, "/"), TTL: duration(h.Cookie.TTL),
		}}
	default:
		shown.ConsistentHash = &ir.ConsistentHash{SourceIP: true}
	}
	return shown
}

func rateLimit(l *v1alpha1.RateLimit, source ir.Source) *ir.RateLimit {
	limit := &ir.RateLimit{Requests: l.Local.Requests, Source: source}
	switch l.Local.Per {
	case v1alpha1.PerHour:
		limit.Per.Duration = time.Hour
	case v1alpha1.PerMinute:
		limit.Per.Duration = time.Minute
	default:
		limit.Per.Duration = time.Second
	}
	return limit
}
