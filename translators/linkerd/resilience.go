package linkerd

import (
	"strconv"
	"strings"
	"time"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// The annotations of routes, which Linkerd reads off the route or, where it has
// none of a kind, off the Service.
const (
	timeoutRequest = "timeout.linkerd.io/request"
	retryHTTP      = "retry.linkerd.io/http"
	retryLimit     = "retry.linkerd.io/limit"
)

// inherited are annotations of Services that take effect on routes that say
// nothing of timeouts, or nothing of retries.
var inherited = []string{
	timeoutRequest, "timeout.linkerd.io/response", "timeout.linkerd.io/idle",
	retryHTTP, retryLimit, "retry.linkerd.io/timeout", "retry.linkerd.io/grpc",
}

// defaultCodes are retried where no statuses are named: what the proxy itself
// answers when it cannot reach the backend, and what gateways do.
const defaultCodes = "gateway-error"

// maxAttempts is the most retries that the annotation can count.
const maxAttempts = 1<<16 - 1

// annotations are those of the object that the route stands in, and reports
// what they cannot say.
func (t *table) annotations(r *ir.Route) map[string]string {
	t.checkTimeout(r)
	t.checkRetry(r)
	return t.silent(r)
}

// silent is annotations without a report. No limit and no retries are Linkerd's
// default, and need no words.
func (t *table) silent(r *ir.Route) map[string]string {
	out := map[string]string{}
	if limit := r.Timeouts.Request; limit != nil && limit.Duration.Duration > 0 {
		out[timeoutRequest] = duration(limit.Duration.Duration)
	}
	if retries(r.Retry) {
		out[retryHTTP] = codes(r.Retry.Codes)
		if r.Retry.Attempts != nil {
			out[retryLimit] = strconv.Itoa(int(*r.Retry.Attempts))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// retries says whether the route asks for retries: by their number or, left to
// the default, by what is retried.
func retries(r *ir.Retry) bool {
	return r != nil && (r.Attempts == nil && len(r.Codes) > 0 || r.Attempts != nil && *r.Attempts > 0)
}

func codes(list []int32) string {
	if len(list) == 0 {
		return defaultCodes
	}
	var out []string
	for _, code := range list {
		out = append(out, strconv.Itoa(int(code)))
	}
	return strings.Join(out, ",")
}

// duration is in Linkerd's form: one whole number and one unit.
func duration(d time.Duration) string {
	if d%time.Second == 0 {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return strconv.FormatInt(int64(d/time.Millisecond), 10) + "ms"
}

func (t *table) checkTimeout(r *ir.Route) {
	limit := r.Timeouts.Request
	if limit == nil {
		return
	}
	f := finding{Source: limit.Source, Feature: ir.TimeoutRequest, Code: codeInexpressible}
	if limit.Duration.Duration%time.Millisecond != 0 {
		t.report(f.Reject("Linkerd counts timeouts in milliseconds: %s is no whole number of them", limit.Duration.Duration))
	}
	if limit.Duration.Duration == 0 {
		t.overridden("timeout.", f)
	}
}

func (t *table) checkRetry(r *ir.Route) {
	if r.Retry == nil {
		return
	}
	f := finding{Source: r.Retry.Source.At("attempts"), Feature: ir.RetryAttempts, Code: codeInexpressible}
	switch attempts := r.Retry.Attempts; {
	case attempts != nil && *attempts == 0:
		t.overridden("retry.", f)
	case attempts != nil && *attempts > maxAttempts:
		t.report(f.Reject("Linkerd retries at most %d times", maxAttempts))
	case attempts != nil && len(r.Retry.Codes) == 0:
		t.report(finding{Source: r.Retry.Source, Feature: ir.RetryAttempts, Code: codeDefaultCodes}.Note(
			"Linkerd retries nothing by itself: answers of 502, 503 and 504 are retried, because no codes are named"))
	}
}

// overridden refuses a "none" where the Service has an annotation that would
// take effect instead: no annotation of a route says none.
func (t *table) overridden(group string, f finding) {
	f.Code = codeInherited
	for _, key := range inherited {
		if _, ok := t.unit.Service.Annotations[key]; ok && strings.HasPrefix(key, group) {
			t.report(f.Reject("the annotation %s of Service %s would take effect all the same: remove it from the Service", key, t.unit.Service.Name))
		}
	}
}

// The annotations of circuit breaking. Linkerd reads those of the Service that is
// dialled, for all backends behind it.
const (
	accrual            = "balancer.linkerd.io/failure-accrual"
	accrualMaxFailures = accrual + "-consecutive-max-failures"
	accrualMinPenalty  = accrual + "-consecutive-min-penalty"
	accrualMaxPenalty  = accrual + "-consecutive-max-penalty"
	// defaultMaxPenalty is Linkerd's; a greater least penalty it refuses.
	defaultMaxPenalty = time.Minute
)

// circuitBreaking are the annotations of the user's Service.
func circuitBreaking(u *ir.ServiceUnit) []translators.Contribution {
	o := u.Destination.OutlierDetection
	if o == nil {
		return nil
	}
	to := translators.ObjectRef{GroupVersionKind: serviceKind, Namespace: u.Service.Namespace, Name: u.Service.Name}
	var out []translators.Contribution
	add := func(key, value string) {
		out = append(out, translators.Contribution{Object: to, Path: []string{"metadata", "annotations", key}, Value: value, Source: o.Source})
	}
	add(accrual, "consecutive")
	if o.ConsecutiveErrors > 0 {
		add(accrualMaxFailures, strconv.Itoa(int(o.ConsecutiveErrors)))
	}
	if penalty := o.EjectionTime.Duration; penalty > 0 {
		add(accrualMinPenalty, duration(penalty))
		if penalty > defaultMaxPenalty {
			add(accrualMaxPenalty, duration(penalty))
		}
	}
	return out
}
