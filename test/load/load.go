// Package load sends a counted number of requests and says what came back:
// how often each status, how often each version, how fast. Its other half is
// an echo server that says what reached it. The command in cmd is both in one
// binary, for pods and for the host.
//
// No response is tried again and no redirect is followed, because both would
// hide what the proxies under test did. Only a kept connection that the other
// side had closed before it answered is replaced, as every HTTP client does.
package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// AnsweredBy is the response header that names who answered, as in
// "reviews-v2". It is counted where Options name no other header.
const AnsweredBy = "X-Answered-By"

// Options say what to send and how.
type Options struct {
	URL string
	// Method is GET where empty.
	Method string
	// Host is the Host header, where it is not the URL's.
	Host   string
	Header http.Header
	Body   string
	// Requests is how many are sent in all, and Concurrency how many at once;
	// both are 1 where zero.
	Requests    int
	Concurrency int
	// Pause is waited by each of the concurrent senders after each request.
	Pause time.Duration
	// Timeout bounds one request, 10 seconds where zero.
	Timeout time.Duration
	// By names the response headers whose values are counted.
	By     []string
	Client ClientOptions
}

func (o Options) withDefaults() Options {
	o.Requests = max(o.Requests, 1)
	o.Concurrency = min(max(o.Concurrency, 1), o.Requests)
	if o.Method == "" {
		o.Method = http.MethodGet
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if len(o.By) == 0 {
		o.By = []string{AnsweredBy}
	}
	return o
}

// Run sends the requests and reports on them. Requests that fail are part of
// the report; an error means that none could be made from the options, or
// that ctx ended before all were sent.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	client, err := o.Client.client()
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	if _, err := o.request(ctx); err != nil {
		return nil, err
	}
	tallies := make([]*tally, o.Concurrency)
	var sent atomic.Int64
	var senders sync.WaitGroup
	begun := time.Now()
	for i := range tallies {
		tallies[i] = newTally()
		senders.Go(func() {
			for ctx.Err() == nil && sent.Add(1) <= int64(o.Requests) {
				tallies[i].add(o.send(ctx, client))
				sleep(ctx, o.Pause)
			}
		})
	}
	senders.Wait()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("send %d requests to %s: %w", o.Requests, o.URL, err)
	}
	return report(tallies, time.Since(begun)), nil
}

func (o Options) request(ctx context.Context) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, o.Method, o.URL, strings.NewReader(o.Body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	if o.Body == "" {
		req.Body, req.GetBody, req.ContentLength = http.NoBody, nil, 0
	}
	if o.Header != nil {
		req.Header = o.Header.Clone()
	}
	if o.Host != "" {
		req.Host = o.Host
	}
	return req, nil
}

// send makes one request and reads the whole answer.
func (o Options) send(ctx context.Context, client *http.Client) outcome {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	begun := time.Now()
	req, err := o.request(ctx)
	if err != nil {
		return outcome{err: err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return outcome{err: err, took: time.Since(begun)}
	}
	defer resp.Body.Close()
	head, err := io.ReadAll(io.LimitReader(resp.Body, bodyKept))
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
	}
	took := time.Since(begun)
	if err != nil && !errors.Is(err, io.EOF) {
		return outcome{err: err, took: took}
	}
	by := make(map[string]string, len(o.By))
	for _, name := range o.By {
		by[name] = resp.Header.Get(name)
	}
	return outcome{status: resp.StatusCode, by: by, took: took, header: resp.Header, body: head}
}

func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
