//go:build e2e

package compiled

import (
	"fmt"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

const resilience = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: resilience}
spec:
  targetRefs: [{kind: Service, name: echo-v1}]
  outlierDetection: {consecutiveErrors: 3, interval: 5s, ejectionTime: 20s, maxEjectionPercent: 40}
  connectionPool: {maxConnections: 7, maxPendingRequests: 9, connectTimeout: 1500ms}
  loadBalancer: {algorithm: Random}
`

// balancer is a policy for echo-v1 whose loadBalancer is the given one.
func balancer(text string) string {
	return `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: balancer}
spec:
  targetRefs: [{kind: Service, name: echo-v1}]
  loadBalancer: ` + text + "\n"
}

// throughEcho is a rule by which requests come to echo-v1, for what a policy
// of a Service puts into routes.
const throughEcho = `
  - name: through
    matches: [{path: {type: PathPrefix, value: /through}}]
    backendRefs: [{name: echo-v1, port: 8080}]
`

func destinations() []compiled {
	list := []compiled{
		{name: "outlier detection, pool and balancer", places: both, rules: throughEcho, objects: resilience, checks: []check{
			{feature: ir.Outlier, holds: onCluster(func(c *clusterv3.Cluster) error {
				o := c.GetOutlierDetection()
				got := fmt.Sprint(o.GetConsecutive_5Xx().GetValue(), o.GetInterval().AsDuration(), o.GetBaseEjectionTime().AsDuration())
				return differs("outlier detection", got, fmt.Sprint(3, 5*time.Second, 20*time.Second))
			})},
			{feature: ir.OutlierMaxPercent, holds: onCluster(func(c *clusterv3.Cluster) error {
				return differs("most that is ejected", c.GetOutlierDetection().GetMaxEjectionPercent().GetValue(), uint32(40))
			})},
			{feature: ir.PoolConnections, holds: onThresholds(func(t *clusterv3.CircuitBreakers_Thresholds) error {
				return differs("connections", t.GetMaxConnections().GetValue(), uint32(7))
			})},
			{feature: ir.PoolPending, holds: onThresholds(func(t *clusterv3.CircuitBreakers_Thresholds) error {
				return differs("pending requests", t.GetMaxPendingRequests().GetValue(), uint32(9))
			})},
			{feature: ir.PoolConnectTimeout, holds: onCluster(func(c *clusterv3.Cluster) error {
				return differs("connect timeout", c.GetConnectTimeout().AsDuration(), 1500*time.Millisecond)
			})},
			{feature: ir.LoadBalancing, holds: balancedBy(clusterv3.Cluster_RANDOM)},
		}},
		{name: "round robin", places: both, objects: balancer("{algorithm: RoundRobin}"), checks: []check{
			{feature: ir.LoadBalancing, holds: balancedBy(clusterv3.Cluster_ROUND_ROBIN)},
		}},
		{name: "least request", places: both, before: balancer("{algorithm: Random}"), objects: balancer("{algorithm: LeastRequest}"), checks: []check{
			{feature: ir.LoadBalancing, holds: balancedBy(clusterv3.Cluster_LEAST_REQUEST)},
		}},
	}
	for _, h := range []struct {
		name, text string
		feature    ir.Feature
		want       string
	}{
		{"hash of a header", "{consistentHash: {header: {name: X-Session}}}", ir.HashHeader, "header x-session"},
		{"hash of a cookie", "{consistentHash: {cookie: {name: session, ttl: 60s, path: /shop}}}", ir.HashByCookie, "cookie session 1m0s /shop"},
		{"hash of the source address", "{consistentHash: {sourceIP: {}}}", ir.HashSourceIP, "source address"},
	} {
		list = append(list, compiled{name: h.name, places: both, rules: throughEcho, objects: balancer(h.text), checks: []check{
			{feature: h.feature, holds: together(balancedBy(clusterv3.Cluster_RING_HASH), hashedBy(h.want))},
		}})
	}
	return list
}

// onCluster asserts something of the cluster of echo-v1.
func onCluster(holds func(*clusterv3.Cluster) error) func(*world, *ads.Snapshot) error {
	return func(w *world, s *ads.Snapshot) error {
		c, ok := s.Clusters[w.cluster("echo-v1")]
		if !ok {
			return fmt.Errorf("there is no cluster %s", w.cluster("echo-v1"))
		}
		return holds(c)
	}
}

func onThresholds(holds func(*clusterv3.CircuitBreakers_Thresholds) error) func(*world, *ads.Snapshot) error {
	return onCluster(func(c *clusterv3.Cluster) error {
		thresholds := c.GetCircuitBreakers().GetThresholds()
		if len(thresholds) != 1 {
			return fmt.Errorf("%d thresholds, want 1", len(thresholds))
		}
		return holds(thresholds[0])
	})
}

func balancedBy(policy clusterv3.Cluster_LbPolicy) func(*world, *ads.Snapshot) error {
	return onCluster(func(c *clusterv3.Cluster) error {
		return differs("load balancing", c.GetLbPolicy().String(), policy.String())
	})
}

// hashedBy asserts what of a request to echo-v1 is hashed.
func hashedBy(want string) func(*world, *ads.Snapshot) error {
	return onRoute("/through", func(_ *world, r *routev3.Route) error {
		policies := r.GetRoute().GetHashPolicy()
		if len(policies) != 1 {
			return fmt.Errorf("%d hash policies, want 1", len(policies))
		}
		return differs("what is hashed", hashed(policies[0]), want)
	})
}

func hashed(p *routev3.RouteAction_HashPolicy) string {
	switch {
	case p.GetHeader() != nil:
		return "header " + p.GetHeader().GetHeaderName()
	case p.GetCookie() != nil:
		c := p.GetCookie()
		return fmt.Sprintf("cookie %s %s %s", c.GetName(), c.GetTtl().AsDuration(), c.GetPath())
	case p.GetConnectionProperties().GetSourceIp():
		return "source address"
	}
	return p.String()
}
