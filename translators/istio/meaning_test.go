package istio

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// differs says how the answer of a VirtualService differs from what the IR
// means, or "".
func differs(vs *networking.VirtualService, port int32, req eval.Request, want eval.Decision) string {
	got, err := envoyAnswers(vs, port, req)
	if err != nil {
		return err.Error()
	}
	if all, ok := meantStatus(&want); ok {
		want = eval.Decision{Status: all}
	}
	if want.Status != got.status {
		return fmt.Sprintf("status: want %d, got %d", want.Status, got.status)
	}
	if want.Status != 0 {
		return cmp.Diff([]any{want.Location, len(want.Headers), fmt.Sprint(want.Headers)}, []any{got.location, len(got.headers), fmt.Sprint(got.headers)})
	}
	if diff := partsDiffer(meantOutcomes(&want), got.outcomes); diff != "" {
		return diff
	}
	if diff := partsDiffer(meantCopies(&want, headersPerBackend(got.route)), got.copies); diff != "" {
		return "mirrors: " + diff
	}
	return cmp.Diff(meantLimits(&want), gotLimits(got.route))
}

// partsDiffer compares parts of all requests, up to Istio's rounding.
func partsDiffer(want, got map[string]float64) string {
	const precision = 1e-6
	for name, part := range want {
		if math.Abs(part-got[name]) > precision {
			return fmt.Sprintf("part of %s: want %v, got %v\nwant %v\ngot  %v", name, part, got[name], want, got)
		}
	}
	for name, part := range got {
		if _, ok := want[name]; !ok && part > precision {
			return fmt.Sprintf("part of %s: want none, got %v\nwant %v", name, part, want)
		}
	}
	return ""
}

// meantOutcomes are all that may become of the request, with the abort.
func meantOutcomes(d *eval.Decision) map[string]float64 {
	out := map[string]float64{}
	aborted := 0.0
	if d.Fault != nil && d.Fault.Abort != nil {
		aborted = float64(d.Fault.Abort.Percent) / 100
		out[fmt.Sprintf("status %d", d.Fault.Abort.HTTPStatus)] = aborted
	}
	for _, s := range d.Shares {
		name := fmt.Sprintf("status %d", s.Status)
		if s.Status == 0 {
			name = outcome(meantDestination(s.To), s.Request, s.Answer(answered))
		}
		out[name] += s.Part.Float() * (1 - aborted)
	}
	return out
}

// meantStatus is the status that every request is answered with, where none
// goes anywhere.
func meantStatus(d *eval.Decision) (int32, bool) {
	if len(d.Shares) != 1 || d.Shares[0].Status == 0 {
		return 0, false
	}
	return d.Shares[0].Status, true
}

func meantDestination(d eval.Destination) string {
	return fmt.Sprintf("%s.%s.svc.cluster.local:%d/%s", d.Name, d.Namespace, d.Port, d.Subset)
}

func meantCopies(d *eval.Decision, withoutHeaders bool) map[string]float64 {
	out := map[string]float64{}
	for _, c := range d.Copies {
		if withoutHeaders {
			c.Request.Headers = nil
		}
		out[outcome(meantDestination(c.To), c.Request, nil)] += c.Part.Float()
	}
	return out
}

// limitsOf are timeouts, retries and delays as they take effect.
type limitsOf struct {
	Request, Try time.Duration
	Attempts     int32
	On           []string
	Backoff      time.Duration
	Delay        time.Duration
	DelayPercent float64
}

// settle leaves what takes effect: with a single try its limit is the
// request's, and conditions of retries do not matter.
func (l limitsOf) settle() limitsOf {
	if l.Attempts == 0 {
		if l.Request == 0 || l.Try != 0 && l.Try < l.Request {
			l.Request = l.Try
		}
		l.Try, l.On, l.Backoff = 0, nil, 0
	}
	slices.Sort(l.On)
	l.On = slices.Compact(l.On)
	return l
}

var istioDefaultConditions = []string{"cancelled", "connect-failure", "refused-stream", "unavailable"}

func meantLimits(d *eval.Decision) limitsOf {
	l := limitsOf{Attempts: 2, On: slices.Clone(istioDefaultConditions), Backoff: 25 * time.Millisecond}
	if d.Timeout != nil {
		l.Request = *d.Timeout
	}
	if d.TryTimeout != nil {
		l.Try = *d.TryTimeout
	}
	if r := d.Retry; r != nil {
		if r.Attempts != nil {
			l.Attempts = *r.Attempts
		}
		if len(r.On) > 0 {
			l.On = nil
		}
		for _, on := range r.On {
			l.On = append(l.On, map[ir.RetryCondition]string{
				"ConnectFailure": "connect-failure", "RefusedStream": "refused-stream", "Reset": "reset",
			}[on])
		}
		for _, code := range r.Codes {
			l.On = append(l.On, fmt.Sprint(code))
		}
		if r.Backoff != nil {
			l.Backoff = r.Backoff.Base.Duration
		}
	}
	if d.Fault != nil && d.Fault.Delay != nil && d.Fault.Delay.Percent > 0 {
		l.Delay, l.DelayPercent = d.Fault.Delay.Duration.Duration, float64(d.Fault.Delay.Percent)
	}
	return l.settle()
}

func gotLimits(route *networking.HTTPRoute) limitsOf {
	l := limitsOf{Attempts: 2, On: slices.Clone(istioDefaultConditions), Backoff: 25 * time.Millisecond}
	l.Request = route.Timeout.AsDuration()
	if r := route.Retries; r != nil {
		l.Attempts, l.Try = r.Attempts, r.PerTryTimeout.AsDuration()
		if r.RetryOn != "" {
			l.On = strings.Split(r.RetryOn, ",")
		}
		if r.Backoff != nil {
			l.Backoff = r.Backoff.AsDuration()
		}
	}
	if delay := route.GetFault().GetDelay(); delay != nil {
		l.Delay, l.DelayPercent = delay.GetFixedDelay().AsDuration(), delay.GetPercentage().GetValue()
	}
	return l.settle()
}
