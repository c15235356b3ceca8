package consul

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshloom/meshloom/translators/ir"
	"github.com/meshloom/meshloom/translators/ir/eval"
)

// precision is what Consul's hundredths of a percent, and the last bit of the
// numbers that it holds them in, may change of a part.
const precision = 3e-4

// differs says how Consul's answer differs from what the IR means, or "". The
// declared differences are that a share that goes nowhere is answered 503, that
// no timeout is 15s, and which failures are retried where none are named.
func differs(e *entries, apex string, req eval.Request, want eval.Decision) string {
	got, err := e.answers(apex, req)
	if err != nil {
		return err.Error()
	}
	outcomes, wanted := meantOutcomes(&want), map[string]limits{}
	for _, s := range want.Shares {
		if s.Status == 0 {
			wanted[s.To.Name] = meantLimits(&want)
		}
	}
	for name, part := range outcomes {
		if math.Abs(part-got.outcomes[name]) > precision {
			return fmt.Sprintf("part of %s: want %v, got %v\nwant %v\ngot  %v", name, part, got.outcomes[name], outcomes, got.outcomes)
		}
	}
	for name, part := range got.outcomes {
		if _, ok := outcomes[name]; !ok && part > 0 {
			return fmt.Sprintf("part of %s: want none, got %v\nwant %v", name, part, outcomes)
		}
	}
	return cmp.Diff(wanted, got.limits)
}

func meantOutcomes(d *eval.Decision) map[string]float64 {
	if d.Status != 0 {
		return map[string]float64{"status 503": 1}
	}
	out := map[string]float64{}
	for _, s := range d.Shares {
		name := "status 503"
		if s.Status == 0 {
			name = outcome(s.To.Name, s.To.Subset, s.Request, s.Answer(answered))
		}
		out[name] += s.Part.Float()
	}
	return out
}

func meantLimits(d *eval.Decision) limits {
	l := limits{Timeout: 15 * time.Second}
	if d.Timeout != nil {
		l.Timeout = *d.Timeout
	}
	r := d.Retry
	if r == nil || r.Attempts != nil && *r.Attempts == 0 {
		return l
	}
	l.Retries = 1
	if r.Attempts != nil {
		l.Retries = *r.Attempts
	}
	on := []string{"connect-failure", "refused-stream", "unavailable", "cancelled"}
	if len(r.On) > 0 {
		on = nil
	}
	for _, condition := range r.On {
		on = append(on, map[ir.RetryCondition]string{
			"ConnectFailure": "connect-failure", "RefusedStream": "refused-stream", "Reset": "reset",
		}[condition])
	}
	for _, code := range r.Codes {
		on = append(on, fmt.Sprint(code))
	}
	slices.Sort(on)
	l.On = strings.Join(on, ",")
	return l
}
