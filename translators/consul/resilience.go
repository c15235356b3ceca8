package consul

import (
	"github.com/meshloom/meshloom/translators/ir"
)

// noTimeout is what Consul takes for "wait for ever": 0 leaves the proxy's own.
const noTimeout = "-1s"

// defaultConditions are retried where the user names none: Consul has no default
// of its own, and a count without conditions would retry nothing.
var defaultConditions = []string{"cancelled", "connect-failure", "refused-stream", "unavailable"}

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

// limit says timeout and retries of a line.
func limit(to *routeDestination, r *ir.Route) {
	if request := r.Timeouts.Request; request != nil {
		to.RequestTimeout = noTimeout
		if request.Duration.Duration > 0 {
			to.RequestTimeout = request.Duration.Duration.String()
		}
	}
	retry(to, r.Retry)
}

// retry says when requests are sent again. Without any condition Consul sends
// none again, which is how "none" is said.
func retry(to *routeDestination, r *ir.Retry) {
	if r == nil || r.Attempts != nil && *r.Attempts == 0 {
		return
	}
	if r.Attempts != nil {
		to.NumRetries = *r.Attempts
	}
	for _, on := range r.On {
		to.RetryOn = append(to.RetryOn, retryConditions[on])
	}
	if len(r.On) == 0 {
		to.RetryOn = append(to.RetryOn, defaultConditions...)
	}
	to.RetryOnStatusCodes = r.Codes
}
