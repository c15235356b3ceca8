package istio

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// What Istio does where a VirtualService says nothing, and what it has to be
// told again as soon as any field of its retries is set.
const (
	defaultAttempts = 2
	defaultRetryOn  = "connect-failure,refused-stream,unavailable,cancelled"
	defaultBackoff  = 25 * time.Millisecond
	// backoffFactor is Envoy's: the longest wait is this many times the base.
	backoffFactor = 10
)

// statusInvalidBackend answers requests whose backend could not be resolved.
const statusInvalidBackend = 500

// duration returns nil for zero, which Istio's validation refuses and which
// means what leaving it out means.
func duration(d metav1.Duration) *durationpb.Duration {
	if d.Duration == 0 {
		return nil
	}
	return durationpb.New(d.Duration)
}

func timeout(t *ir.Timeout) *durationpb.Duration {
	if t == nil {
		return nil
	}
	return duration(t.Duration)
}

// limits translates timeouts and retries, which share a field: the limit of a
// try is part of Istio's retries, and without retries there is only one try.
func (t *routeTable) limits(r *ir.Route) (*durationpb.Duration, *networking.HTTPRetry) {
	request, try := timeout(r.Timeouts.Request), timeout(r.Timeouts.BackendRequest)
	if r.Retry != nil && r.Retry.Attempts != nil && *r.Retry.Attempts == 0 {
		if request == nil || try != nil && try.AsDuration() < request.AsDuration() {
			request = try
		}
		return request, &networking.HTTPRetry{}
	}
	if r.Retry == nil && try == nil {
		return request, nil
	}
	out := &networking.HTTPRetry{Attempts: defaultAttempts, PerTryTimeout: try}
	if r.Retry != nil {
		t.retry(r.Retry, out)
	}
	return request, out
}

func (t *routeTable) retry(r *ir.Retry, out *networking.HTTPRetry) {
	if r.Attempts != nil {
		out.Attempts = *r.Attempts
	}
	out.RetryOn = t.retryOn(r)
	if r.Backoff != nil {
		out.Backoff = t.backoff(r)
	}
}

var retryConditions = map[ir.RetryCondition]string{
	ir.RetryConnectFailure: "connect-failure",
	ir.RetryRefusedStream:  "refused-stream",
	ir.RetryReset:          "reset",

	ir.RetryGRPCCancelled:         "cancelled",
	ir.RetryGRPCDeadlineExceeded:  "deadline-exceeded",
	ir.RetryGRPCInternal:          "internal",
	ir.RetryGRPCResourceExhausted: "resource-exhausted",
	ir.RetryGRPCUnavailable:       "unavailable",
}

// retryOn lists conditions and statuses. Where only statuses are named the
// default conditions stay; where neither is, Istio's default does.
func (t *routeTable) retryOn(r *ir.Retry) string {
	if len(r.On) == 0 && len(r.Codes) == 0 {
		return ""
	}
	var list []string
	for _, on := range r.On {
		word, ok := retryConditions[on]
		if !ok {
			t.report(finding{Source: r.Source.At("failures"), Feature: ir.RetryOn, Code: codeInexpressible}.Reject("Istio has no retry condition %s: remove it", on))
			continue
		}
		list = append(list, word)
	}
	if len(r.On) == 0 {
		list = append(list, defaultRetryOn)
	}
	for _, code := range r.Codes {
		if !knownStatus(code) {
			t.report(finding{Source: r.Source.At("codes"), Feature: ir.RetryCodes, Code: codeInexpressible}.Reject(
				"Istio retries registered statuses only, which %d is not: remove it", code))
			continue
		}
		list = append(list, strconv.Itoa(int(code)))
	}
	return strings.Join(list, ",")
}

// statuses from 400 that are registered; Istio takes other numbers for names
// of conditions and refuses them.
var statuses = [][2]int32{{400, 418}, {421, 426}, {428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}}

func knownStatus(code int32) bool {
	return slices.ContainsFunc(statuses, func(r [2]int32) bool { return r[0] <= code && code <= r[1] })
}

// backoff returns the base. Envoy's longest wait is ten times that and cannot
// be chosen.
func (t *routeTable) backoff(r *ir.Retry) *durationpb.Duration {
	base := r.Backoff.Base.Duration
	if base == 0 {
		base = defaultBackoff
	}
	if limit := r.Backoff.Max.Duration; limit != 0 && limit != backoffFactor*base {
		t.report(finding{Source: r.Source.At("backoff"), Feature: ir.RetryBackoff, Code: codeInexpressible}.Reject(
			"Istio waits at most ten times backoff.base: set backoff.max to %s, or remove it", backoffFactor*base))
	}
	return durationpb.New(base)
}

// fault translates injected faults and the part of the requests, in percent,
// whose backend is invalid: Istio can answer a part of a route's requests
// itself only by an abort.
func (t *routeTable) fault(f *ir.Fault, invalid float64) *networking.HTTPFaultInjection {
	if f == nil {
		f = &ir.Fault{}
	}
	out := &networking.HTTPFaultInjection{Abort: t.abort(f, invalid)}
	if f.Delay != nil && f.Delay.Percent > 0 && f.Delay.Duration.Duration > 0 {
		out.Delay = &networking.HTTPFaultInjection_Delay{
			HttpDelayType: &networking.HTTPFaultInjection_Delay_FixedDelay{FixedDelay: durationpb.New(f.Delay.Duration.Duration)},
			Percentage:    &networking.Percent{Value: float64(f.Delay.Percent)},
		}
	}
	if out.Delay == nil && out.Abort == nil {
		return nil
	}
	return out
}

// abort joins the abort that was asked for with the share of invalid backends.
// A route has one abort: of two statuses the invalid backends' stays.
func (t *routeTable) abort(f *ir.Fault, invalid float64) *networking.HTTPFaultInjection_Abort {
	status, percent := int32(statusInvalidBackend), invalid
	if f.Abort != nil && f.Abort.Percent > 0 {
		asked := float64(f.Abort.Percent)
		switch {
		case invalid == 0:
			status, percent = f.Abort.HTTPStatus, asked
		case f.Abort.HTTPStatus == statusInvalidBackend:
			percent = 100 - (100-asked)*(100-invalid)/100
		default:
			t.report(finding{Source: f.Source.At("abort"), Feature: ir.FaultInjectionAbort, Code: codeInexpressible}.Issue(ir.EffectPartial, v1alpha1.ReasonUnsupported,
				"abort is not in force on a route whose backends do not all resolve: their share is answered %d, and Istio has one abort for a route; mend the backends",
				statusInvalidBackend))
		}
	}
	if percent == 0 {
		return nil
	}
	return &networking.HTTPFaultInjection_Abort{
		ErrorType:  &networking.HTTPFaultInjection_Abort_HttpStatus{HttpStatus: status},
		Percentage: &networking.Percent{Value: percent},
	}
}
