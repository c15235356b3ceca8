package load

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Steady says how to send without an end.
//
// Every request that is due is sent and counted, whatever became of the ones
// before. One fails that gets no answer, or another status than 200. One also
// fails that was sent twice: the client of the standard library does so, unseen,
// where a kept connection turns out to be closed, and whoever has another
// client loses that request.
type Steady struct {
	Options
	// Rate is how many requests are due in a second.
	Rate float64
	// Fresh has every so-manyth request make a connection of its own; 0 has
	// none do so.
	Fresh int
	// Every is the time between two calls of Tell.
	Every time.Duration
	// Tell gets what was counted so far. It may be nil.
	Tell func(*Report)
}

// Failure is a request that failed.
type Failure struct {
	At time.Time `json:"at"`
	// What came of it: what happened, or the status and the answer's begin.
	What string `json:"what"`
}

// failuresKept bounds how many are told one by one.
const failuresKept = 20

const resent = "sent twice: the kept connection was closed"

// Run sends until ctx ends, lets what is under way come to its end, and
// reports on all of it. An error means that no request could be made.
func (s Steady) Run(ctx context.Context) (*Report, error) {
	s.Requests = max(s.Concurrency, 1)
	s.Options = s.withDefaults()
	if _, err := s.request(ctx); err != nil {
		return nil, err
	}
	r := &steadyRun{Steady: s, begun: time.Now(), tally: newTally()}
	var err error
	if r.kept, err = s.Client.client(); err != nil {
		return nil, err
	}
	defer r.kept.CloseIdleConnections()
	once := s.Client
	once.NewConnections = true
	if r.fresh, err = once.client(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	var teller sync.WaitGroup
	teller.Go(func() { r.tell(done) })
	var senders sync.WaitGroup
	for range s.Concurrency {
		senders.Go(func() { r.sendAll(ctx) })
	}
	senders.Wait()
	close(done)
	teller.Wait()
	return r.report(), nil
}

// steadyRun is what the senders of one run share.
type steadyRun struct {
	Steady
	kept, fresh *http.Client
	begun       time.Time
	due         atomic.Int64

	mu    sync.Mutex
	tally *tally
}

// sendAll sends what is due until ctx ends. Who falls behind does not wait.
func (r *steadyRun) sendAll(ctx context.Context) {
	for {
		n := r.due.Add(1)
		sleep(ctx, time.Until(r.begun.Add(time.Duration(float64(n)/r.Rate*float64(time.Second)))))
		if ctx.Err() != nil {
			return
		}
		client := r.kept
		if r.Fresh > 0 && n%int64(r.Fresh) == 0 {
			client = r.fresh
		}
		// What was sent may end: only nothing more is sent.
		r.count(r.sendOnce(context.WithoutCancel(ctx), client))
	}
}

// sendOnce makes a request and says whether it took more than one connection.
func (r *steadyRun) sendOnce(ctx context.Context, client *http.Client) (o outcome, again bool) {
	var connections atomic.Int32
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections.Add(1) }}
	o = r.send(httptrace.WithClientTrace(ctx, trace), client)
	return o, connections.Load() > 1
}

func (r *steadyRun) count(o outcome, again bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.add(o)
	what := failure(o)
	if what == "" && again {
		what = resent
	}
	if again {
		r.tally.Resent++
	}
	if what == "" {
		return
	}
	r.tally.Failed++
	if len(r.tally.Failures) < failuresKept {
		r.tally.Failures = append(r.tally.Failures, Failure{At: time.Now().UTC(), What: what})
	}
}

// failure says how a request failed, or nothing where it did not.
func failure(o outcome) string {
	const said = 120
	switch {
	case o.err != nil:
		return classify(o.err)
	case o.status != http.StatusOK:
		body := string(o.body[:min(len(o.body), said)])
		return strings.TrimSpace(strconv.Itoa(o.status) + " " + body)
	}
	return ""
}

func (r *steadyRun) report() *Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return report([]*tally{r.tally}, time.Since(r.begun))
}

// tell reports from time to time until all is done.
func (r *steadyRun) tell(done <-chan struct{}) {
	if r.Tell == nil {
		return
	}
	ticks := time.NewTicker(max(r.Every, 100*time.Millisecond))
	defer ticks.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticks.C:
			r.Tell(r.report())
		}
	}
}
