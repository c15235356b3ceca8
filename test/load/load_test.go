package load

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// versions is a server that answers as v1 three times of four.
func versions(t *testing.T) *httptest.Server {
	t.Helper()
	turn := make(chan string, 4)
	for _, v := range []string{"v1", "v1", "v1", "v2"} {
		turn <- v
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		v := <-turn
		turn <- v
		w.Header().Set(AnsweredBy, v)
		if v == "v2" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestRunCountsEveryRequest(t *testing.T) {
	r, err := Run(t.Context(), Options{URL: versions(t).URL, Requests: 400, Concurrency: 8})
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests != 400 || r.Answered(200) != 300 || r.Answered(503) != 100 {
		t.Errorf("requests %d, statuses %v", r.Requests, r.Statuses)
	}
	want := map[string]map[string]int{AnsweredBy: {"v1": 300, "v2": 100}}
	if diff := cmp.Diff(want, r.By); diff != "" {
		t.Errorf("by (-want +got):\n%s", diff)
	}
	if got := r.Share(AnsweredBy, "v1"); got != 75 {
		t.Errorf("share of v1: %v", got)
	}
	if l := r.Latency; l.P50 <= 0 || l.P50 > l.P90 || l.P90 > l.P99 || l.P99 > l.Max {
		t.Errorf("latency %+v is not in order", l)
	}
}

func TestRunSendsWhatIsAsked(t *testing.T) {
	s := &Server{Name: "echo", Version: "v3"}
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	r, err := Run(t.Context(), Options{
		URL: "http://shop.example:1234/a?b=c", Method: "POST", Host: "other.example", Body: "hello",
		Header: http.Header{"End-User": {"jason"}},
		Client: ClientOptions{Address: server.Listener.Addr().String()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"method":"POST"`, `"host":"other.example"`, `"path":"/a"`, `"query":"b=c"`, `"body":"hello"`, `"End-User":["jason"]`} {
		if !strings.Contains(r.First.Body, want) {
			t.Errorf("echo lacks %s:\n%s", want, r.First.Body)
		}
	}
	if diff := cmp.Diff(map[string]int{"POST other.example /a": 1}, s.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestErrorsAreNamed(t *testing.T) {
	reset, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer reset.Close()
	go func() {
		for {
			conn, err := reset.Accept()
			if err != nil {
				return
			}
			one := make([]byte, 1)
			_, _ = conn.Read(one)
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	closed := httptest.NewServer(nil)
	closed.Close()
	slow := httptest.NewServer((&Server{Delay: time.Second}).Handler())
	defer slow.Close()
	secure := httptest.NewTLSServer((&Server{}).Handler())
	defer secure.Close()
	for _, c := range []struct {
		url, want string
		// timeout is short where it is to be reached, and long elsewhere: a busy
		// machine takes its time over a handshake.
		timeout time.Duration
	}{
		{"http://" + reset.Addr().String(), "connection reset", time.Minute},
		{closed.URL, "connection refused", time.Minute},
		{slow.URL, "timeout", 200 * time.Millisecond},
		{secure.URL, "certificate refused", time.Minute},
		{"https" + strings.TrimPrefix(slow.URL, "http"), "TLS refused", time.Minute},
	} {
		r, err := Run(t.Context(), Options{URL: c.url, Requests: 2, Timeout: c.timeout})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{c.want: 2}, r.Errors); diff != "" {
			t.Errorf("%s: errors (-want +got):\n%s", c.url, diff)
		}
	}
}

func TestFaults(t *testing.T) {
	server := httptest.NewServer((&Server{Name: "echo", Version: "v1", Fail: "500"}).Handler())
	defer server.Close()
	for query, want := range map[string]int{"": 500, "?fail=503": 503, "?fail=503@0": 200, "?fail=x": 400, "?delay=x": 400} {
		r, err := Run(t.Context(), Options{URL: server.URL + "/" + query})
		if err != nil {
			t.Fatal(err)
		}
		if r.Answered(want) != 1 {
			t.Errorf("%q: %v, want %d", query, r.Statuses, want)
		}
	}
	r, err := Run(t.Context(), Options{URL: server.URL + "/?fail=503@50", Requests: 400, Concurrency: 4})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Answered(503); n < 120 || n > 280 {
		t.Errorf("%d of 400 failed, want about half", n)
	}
}

func TestRaw(t *testing.T) {
	server := httptest.NewServer((&Server{}).Handler())
	defer server.Close()
	r := Raw(t.Context(), RawOptions{Address: server.Listener.Addr().String(), Times: 3})
	if diff := cmp.Diff(map[string]int{"HTTP/1.1 200 OK": 3}, r.Ends); diff != "" {
		t.Errorf("ends (-want +got):\n%s", diff)
	}
	server.Close()
	r = Raw(t.Context(), RawOptions{Address: server.Listener.Addr().String()})
	if diff := cmp.Diff(map[string]int{"connection refused": 1}, r.Ends); diff != "" {
		t.Errorf("ends of a closed server (-want +got):\n%s", diff)
	}
}
