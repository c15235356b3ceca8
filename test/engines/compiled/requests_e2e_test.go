//go:build e2e

package compiled

import (
	"fmt"
	"time"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	faultv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"github.com/meshloom/meshloom/test/engines/ads"
	"github.com/meshloom/meshloom/translators/ir"
)

const requestRules = `
  - name: limited
    matches: [{path: {type: Exact, value: /limited}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: four
    matches: [{path: {type: Exact, value: /four}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: none
    matches: [{path: {type: Exact, value: /none}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: unset
    matches: [{path: {type: Exact, value: /unset}}]
    backendRefs: [{name: echo-v2, port: 8080}]
  - name: faulty
    matches: [{path: {type: Exact, value: /faulty}}]
    backendRefs: [{name: echo-v2, port: 8080}]
`

const requestPolicies = `
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: limited}
spec:
  targetRefs: [{kind: $holder, name: shop, sectionName: limited}]
  timeouts: {request: 3s, backendRequest: 700ms}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: four}
spec:
  targetRefs: [{kind: $holder, name: shop, sectionName: four}]
  retry:
    attempts: 4
    codes: [503, 418]
    failures: [ConnectFailure, Reset]
    backoff: {base: 40ms, max: 400ms}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: none}
spec:
  targetRefs: [{kind: $holder, name: shop, sectionName: none}]
  retry: {attempts: 0}
---
apiVersion: meshloom.io/v1alpha1
kind: TrafficPolicy
metadata: {name: faulty}
spec:
  targetRefs: [{kind: $holder, name: shop, sectionName: faulty}]
  fault: {delay: {duration: 2s, percent: 10}, abort: {httpStatus: 429, percent: 1}}
`

func requests() []compiled {
	return []compiled{{
		name: "timeouts, retries and faults", places: both, rules: requestRules, objects: requestPolicies,
		checks: []check{
			{feature: ir.TimeoutRequest, holds: onRule("limited", func(r *routev3.RouteAction) error {
				return differs("timeout", r.GetTimeout().AsDuration(), 3*time.Second)
			})},
			{feature: ir.TimeoutBackend, holds: onRule("limited", func(r *routev3.RouteAction) error {
				return differs("timeout of a try", r.GetRetryPolicy().GetPerTryTimeout().AsDuration(), 700*time.Millisecond)
			})},
			{feature: ir.RetryAttempts, holds: onRule("four", func(r *routev3.RouteAction) error {
				return differs("retries", r.GetRetryPolicy().GetNumRetries().GetValue(), uint32(4))
			})},
			{feature: ir.RetryAttempts, holds: onRule("none", func(r *routev3.RouteAction) error {
				if p := r.GetRetryPolicy(); p != nil {
					return fmt.Errorf("retries where none are asked for: %v", p)
				}
				return nil
			})},
			{feature: ir.RetryAttempts, holds: onRule("unset", func(r *routev3.RouteAction) error {
				return differs("retries where nothing is said", r.GetRetryPolicy().GetNumRetries().GetValue(), uint32(2))
			})},
			{feature: ir.RetryCodes, holds: onRule("four", func(r *routev3.RouteAction) error {
				return differs("statuses that are retried", r.GetRetryPolicy().GetRetriableStatusCodes(), []uint32{418, 503})
			})},
			{feature: ir.RetryOn, holds: onRule("four", func(r *routev3.RouteAction) error {
				return differs("failures that are retried", r.GetRetryPolicy().GetRetryOn(), "connect-failure,reset,retriable-status-codes")
			})},
			{feature: ir.RetryBackoff, holds: onRule("four", func(r *routev3.RouteAction) error {
				b := r.GetRetryPolicy().GetRetryBackOff()
				if b.GetMaxInterval() != nil {
					return fmt.Errorf("the longest pause is %v: it was ten times the base", b.GetMaxInterval())
				}
				return differs("pause between tries", b.GetBaseInterval().AsDuration(), 40*time.Millisecond)
			})},
			{feature: ir.FaultInjectionDelay, holds: onRoute("/faulty", delay)},
			{feature: ir.FaultInjectionAbort, holds: onRoute("/faulty", abort)},
		},
	}}
}

// onRule asserts something of the route for the path of the rule's name, which
// has to be the rule's own.
func onRule(name string, holds func(*routev3.RouteAction) error) func(*world, *ads.Snapshot) error {
	return onRoute("/"+name, func(_ *world, r *routev3.Route) error {
		if r.GetName() != name {
			return fmt.Errorf("path /%s is taken by route %q", name, r.GetName())
		}
		return holds(r.GetRoute())
	})
}

func fault(r *routev3.Route) (*faultv3.HTTPFault, error) {
	return filter(r, "envoy.filters.http.fault", new(faultv3.HTTPFault))
}

func delay(_ *world, r *routev3.Route) error {
	f, err := fault(r)
	if err != nil {
		return err
	}
	got := fmt.Sprint(f.GetDelay().GetFixedDelay().AsDuration(), " ", percent(f.GetDelay().GetPercentage()))
	return differs("delay", got, "2s 10")
}

func abort(_ *world, r *routev3.Route) error {
	f, err := fault(r)
	if err != nil {
		return err
	}
	got := fmt.Sprint(f.GetAbort().GetHttpStatus(), " ", percent(f.GetAbort().GetPercentage()))
	return differs("abort", got, "429 1")
}

// percent is a part in percent.
func percent(p *typev3.FractionalPercent) float64 {
	per := map[typev3.FractionalPercent_DenominatorType]float64{
		typev3.FractionalPercent_HUNDRED: 100, typev3.FractionalPercent_TEN_THOUSAND: 1e4, typev3.FractionalPercent_MILLION: 1e6,
	}
	return 100 * float64(p.GetNumerator()) / per[p.GetDenominator()]
}
