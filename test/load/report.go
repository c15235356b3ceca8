package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Report is what came of a run. Its counts of statuses and errors add up to
// Requests.
type Report struct {
	Requests int `json:"requests"`
	// Statuses counts responses by status code.
	Statuses map[string]int `json:"statuses"`
	// By counts responses by the values of response headers; the value is ""
	// where the header was absent.
	By map[string]map[string]int `json:"by"`
	// Errors counts requests that got no response, by what happened.
	Errors map[string]int `json:"errors,omitempty"`
	// Failed, Resent and the first Failures are of a Steady run alone.
	Failed    int       `json:"failed,omitempty"`
	Resent    int       `json:"resent,omitempty"`
	Failures  []Failure `json:"failures,omitempty"`
	Latency   Latency   `json:"latency"`
	Seconds   float64   `json:"seconds"`
	PerSecond float64   `json:"perSecond"`
	// First is one of the responses, whole.
	First *Response `json:"first,omitempty"`
}

// Latency is in milliseconds, over responses and errors alike.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Response is one response; its body is cut after 64 KiB.
type Response struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   string      `json:"body"`
}

const bodyKept = 64 << 10

// Answered is how many responses had this status.
func (r *Report) Answered(status int) int { return r.Statuses[strconv.Itoa(status)] }

// Share is the percentage of all requests that were answered with this value
// of a counted header.
func (r *Report) Share(header, value string) float64 {
	if r.Requests == 0 {
		return 0
	}
	return 100 * float64(r.By[header][value]) / float64(r.Requests)
}

// outcome is one request's end.
type outcome struct {
	status int
	by     map[string]string
	took   time.Duration
	err    error
	header http.Header
	body   []byte
}

// tally is what one sender has seen.
type tally struct {
	Report
	took []time.Duration
}

func newTally() *tally {
	return &tally{Report: Report{Statuses: map[string]int{}, By: map[string]map[string]int{}, Errors: map[string]int{}}}
}

func (t *tally) add(o outcome) {
	t.Requests++
	t.took = append(t.took, o.took)
	if o.err != nil {
		t.Errors[classify(o.err)]++
		return
	}
	t.Statuses[strconv.Itoa(o.status)]++
	for name, value := range o.by {
		count(t.By, name, value, 1)
	}
	if t.First == nil {
		t.First = &Response{Status: o.status, Header: o.header, Body: string(o.body)}
	}
}

func report(tallies []*tally, took time.Duration) *Report {
	all := newTally()
	for _, t := range tallies {
		all.took = append(all.took, t.took...)
		all.include(&t.Report)
	}
	slices.Sort(all.took)
	all.Latency = Latency{P50: all.at(0.5), P90: all.at(0.9), P99: all.at(0.99), Max: all.at(1)}
	all.Seconds = took.Seconds()
	all.PerSecond = float64(all.Requests) / all.Seconds
	return &all.Report
}

// Sum is the report of several runs at a time, without its latency.
func Sum(reports ...*Report) *Report {
	all := &newTally().Report
	for _, r := range reports {
		all.include(r)
		all.Seconds = max(all.Seconds, r.Seconds)
		all.PerSecond += r.PerSecond
	}
	return all
}

// include adds the counts of another report.
func (r *Report) include(other *Report) {
	r.Requests += other.Requests
	r.Failed += other.Failed
	r.Resent += other.Resent
	r.Failures = append(r.Failures, other.Failures...)
	sum(r.Statuses, other.Statuses)
	sum(r.Errors, other.Errors)
	for name, values := range other.By {
		for value, n := range values {
			count(r.By, name, value, n)
		}
	}
	if r.First == nil {
		r.First = other.First
	}
}

// at returns a quantile of the sorted times in milliseconds.
func (t *tally) at(q float64) float64 {
	if len(t.took) == 0 {
		return 0
	}
	i := min(int(q*float64(len(t.took))), len(t.took)-1)
	return float64(t.took[i].Microseconds()) / 1000
}

func sum(into, from map[string]int) {
	for k := range maps.Keys(from) {
		into[k] += from[k]
	}
}

func count(counts map[string]map[string]int, name, value string, n int) {
	if counts[name] == nil {
		counts[name] = map[string]int{}
	}
	counts[name][value] += n
}

// classify names the ways in which a request ends without a response, in
// words that do not hold addresses, so that they can be counted.
func classify(err error) string {
	var netErr net.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	case errors.As(err, &unknown), errors.As(err, &name):
		return "certificate refused"
	case errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return "TLS refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return "connection closed"
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "name unknown"
	}
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err.Error()
	}
	return err.Error()
}
