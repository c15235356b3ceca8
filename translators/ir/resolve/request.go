package resolve

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// requestPolicy is what policies say of the requests of a route.
type requestPolicy struct {
	timeouts ir.Timeouts
	retry    *ir.Retry
	fault    *ir.Fault
}

func (p requestPolicy) empty() bool {
	return p.timeouts == ir.Timeouts{} && p.retry == nil && p.fault == nil
}

func (p requestPolicy) apply(route *ir.Route) {
	route.Timeouts, route.Retry, route.Fault = p.timeouts, p.retry, p.fault
}

// merge takes each field from the nearest level, which comes first.
func (v *view) merge(levels ...[]*v1alpha1.TrafficPolicy) requestPolicy {
	var merged requestPolicy
	if p := v.nearest("timeouts", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Timeouts != nil }, levels); p != nil {
		merged.timeouts = timeouts(p.Spec.Timeouts, sourceOf(p).At("spec.timeouts"))
	}
	if p := v.nearest("retry", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Retry != nil }, levels); p != nil {
		merged.retry = retry(p.Spec.Retry, sourceOf(p).At("spec.retry"))
	}
	if p := v.nearest("fault", func(s *v1alpha1.TrafficPolicySpec) bool { return s.Fault != nil }, levels); p != nil {
		merged.fault = fault(p.Spec.Fault, sourceOf(p).At("spec.fault"))
	}
	return merged
}

func timeouts(t *v1alpha1.HTTPRouteTimeouts, source ir.Source) ir.Timeouts {
	limit := func(d v1alpha1.Duration, field string) *ir.Timeout {
		if d == "" {
			return nil
		}
		return &ir.Timeout{Duration: duration(d), Source: source.At(field)}
	}
	return ir.Timeouts{Request: limit(t.Request, "request"), BackendRequest: limit(t.BackendRequest, "backendRequest")}
}

func retry(r *v1alpha1.Retry, source ir.Source) *ir.Retry {
	shown := &ir.Retry{Attempts: r.Attempts, Source: source}
	for _, code := range r.Codes {
		shown.Codes = append(shown.Codes, int32(code))
	}
	for _, on := range r.Failures {
		shown.On = append(shown.On, ir.RetryCondition(on))
	}
	slices.Sort(shown.Codes)
	slices.Sort(shown.On)
	shown.Codes, shown.On = slices.Compact(shown.Codes), slices.Compact(shown.On)
	if r.Backoff != nil {
		shown.Backoff = &ir.Backoff{Base: duration(r.Backoff.Base), Max: duration(r.Backoff.Max)}
	}
	return shown
}

func fault(f *v1alpha1.Fault, source ir.Source) *ir.Fault {
	shown := &ir.Fault{Source: source}
	if f.Delay != nil {
		shown.Delay = &ir.FaultDelay{Duration: duration(f.Delay.Duration), Percent: percent(f.Delay.Percent)}
	}
	if f.Abort != nil {
		shown.Abort = &ir.FaultAbort{HTTPStatus: f.Abort.HTTPStatus, Percent: percent(f.Abort.Percent)}
	}
	return shown
}

func percent(p *int32) int32 {
	if p == nil {
		return 100
	}
	return *p
}

// duration reads a duration that checkValues has accepted.
func duration(d v1alpha1.Duration) metav1.Duration {
	parsed, _ := parseDuration(d)
	return metav1.Duration{Duration: parsed}
}

// parseDuration reads an absent duration as zero.
func parseDuration(d v1alpha1.Duration) (time.Duration, error) {
	if d == "" {
		return 0, nil
	}
	return time.ParseDuration(string(d))
}

// checkValues rejects durations that cannot be read, which an API server would
// have refused.
func (v *view) checkValues(policy *v1alpha1.TrafficPolicy, target ir.Target) {
	for _, d := range durationsOf(&policy.Spec) {
		if parsed, err := parseDuration(d.value); err != nil || parsed < 0 {
			f := finding{code: CodeInvalidValue, source: sourceOf(policy).At("spec." + d.field), target: target}
			v.reject(policy, f, "%s holds %q, which is no duration: write numbers with the units h, m, s and ms, as in 1m30s", d.field, d.value)
		}
	}
}

type fieldDuration struct {
	field string
	value v1alpha1.Duration
}

func durationsOf(s *v1alpha1.TrafficPolicySpec) []fieldDuration {
	var all []fieldDuration
	add := func(field string, values ...v1alpha1.Duration) {
		for _, value := range values {
			all = append(all, fieldDuration{field, value})
		}
	}
	if s.Timeouts != nil {
		add("timeouts", s.Timeouts.Request, s.Timeouts.BackendRequest)
	}
	if s.Retry != nil && s.Retry.Backoff != nil {
		add("retry", s.Retry.Backoff.Base, s.Retry.Backoff.Max)
	}
	if s.Fault != nil && s.Fault.Delay != nil {
		add("fault", s.Fault.Delay.Duration)
	}
	if s.OutlierDetection != nil {
		add("outlierDetection", s.OutlierDetection.Interval, s.OutlierDetection.EjectionTime)
	}
	if s.ConnectionPool != nil {
		add("connectionPool", s.ConnectionPool.ConnectTimeout)
	}
	if s.LoadBalancer != nil && s.LoadBalancer.ConsistentHash != nil && s.LoadBalancer.ConsistentHash.Cookie != nil {
		add("loadBalancer", s.LoadBalancer.ConsistentHash.Cookie.TTL)
	}
	return all
}
