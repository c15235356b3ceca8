package istio

import (
	"strconv"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/meshloom/meshloom/translators/ir"
)

// limits says timeouts and retries, of which there is at least one. Without the field for retries there is one
// limit, of the whole request; with it, what Istio does by default is written
// out where it needs a limit for each try.
func (t *ambientTable) limits(r *ir.Route, rule *gatewayv1.HTTPRouteRule) {
	request, try := t.limit(r.Timeouts.Request), t.limit(r.Timeouts.BackendRequest)
	if !t.may.retry {
		request, try = smaller(request, try), 0
	}
	if t.may.retry && (r.Retry != nil || try != 0) {
		rule.Retry = t.retry(r.Retry)
	}
	if request != 0 && try > request {
		try = 0
	}
	if request != 0 || try != 0 {
		rule.Timeouts = &gatewayv1.HTTPRouteTimeouts{Request: durationOf(request), BackendRequest: durationOf(try)}
	}
}

// smaller is the smaller of two limits, of which 0 is none.
func smaller(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// limit returns the limit; 0 is none. Routes count in milliseconds.
func (t *ambientTable) limit(l *ir.Timeout) time.Duration {
	if l == nil {
		return 0
	}
	if l.Duration.Duration%time.Millisecond != 0 {
		t.report(finding{Source: l.Source, Feature: ir.TimeoutRequest, Code: codeInexpressible}.Reject("routes of the Gateway API count in whole milliseconds, which %s is not: round it", l.Duration.Duration))
		return 0
	}
	return l.Duration.Duration
}

// durationOf says a duration in words that every version of the API reads; nil
// for none.
func durationOf(d time.Duration) *gatewayv1.Duration {
	if d == 0 {
		return nil
	}
	text := ""
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
		if n := d / unit.size; n > 0 {
			text += strconv.FormatInt(int64(n), 10) + unit.name
			d -= n * unit.size
		}
	}
	out := gatewayv1.Duration(text)
	return &out
}

// retry says retries; nil is Istio's default, written out.
func (t *ambientTable) retry(r *ir.Retry) *gatewayv1.HTTPRouteRetry {
	attempts := defaultAttempts
	if r == nil {
		return &gatewayv1.HTTPRouteRetry{Attempts: &attempts}
	}
	if r.Attempts != nil {
		attempts = int(*r.Attempts)
	}
	out := &gatewayv1.HTTPRouteRetry{Attempts: &attempts}
	if attempts == 0 {
		t.report(finding{Source: r.Source.At("attempts"), Feature: ir.RetryAttempts, Code: codeInexpressible}.Reject(
			"routes of the Gateway API cannot say that nothing is retried, and Istio retries twice where they are silent: use 1, or leave it out"))
		return nil
	}
	for _, code := range r.Codes {
		if !knownStatus(code) {
			t.report(finding{Source: r.Source.At("codes"), Feature: ir.RetryCodes, Code: codeInexpressible}.Reject(
				"Istio retries registered statuses only, which %d is not: remove it", code))
			continue
		}
		out.Codes = append(out.Codes, gatewayv1.HTTPRouteRetryStatusCode(code))
	}
	if r.Backoff != nil {
		table := routeTable{}
		base := table.backoff(r).AsDuration()
		t.issues = append(t.issues, table.issues...)
		if base%time.Millisecond != 0 {
			t.report(finding{Source: r.Source.At("backoff"), Feature: ir.RetryBackoff, Code: codeInexpressible}.Reject("routes of the Gateway API count in whole milliseconds, which %s is not: round it", base))
		} else {
			out.Backoff = durationOf(base)
		}
	}
	return out
}
