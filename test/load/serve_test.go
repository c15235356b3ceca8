package load

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually runs a request until it is answered.
func eventually(t *testing.T, o Options) *Report {
	t.Helper()
	for range 50 {
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if r.First != nil {
			return r
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s never answered", o.URL)
	return nil
}

func TestServeOnAllProtocols(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	plain, secure, lines := freeAddress(t), freeAddress(t), freeAddress(t)
	ended := make(chan error, 1)
	s := &Server{Name: "echo", Version: "v1"}
	go func() {
		ended <- s.Serve(ctx, Listeners{HTTP: []string{plain}, HTTPS: []string{secure}, Names: []string{"shop.example"}, TCP: []string{lines}}, 0)
	}()
	for _, o := range []Options{
		{URL: "http://" + plain},
		{URL: "http://" + plain, Client: ClientOptions{HTTP2: true}},
		{URL: "https://" + secure, Client: ClientOptions{Insecure: true}},
		{URL: "https://shop.example", Client: ClientOptions{Insecure: true, HTTP2: true, Address: secure}},
	} {
		if r := eventually(t, o); r.By[AnsweredBy]["echo-v1"] != 1 {
			t.Errorf("%s: %v", o.URL, r.By)
		}
	}
	raw := Raw(t.Context(), RawOptions{Address: lines, Send: "hello\n"})
	if diff := cmp.Diff(map[string]int{"echo-v1: hello": 1}, raw.Ends); diff != "" {
		t.Errorf("TCP ends (-want +got):\n%s", diff)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("serve until the end of its context: %v", err)
	}
}

func TestServeSaysWhatItCannotListenOn(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := &Server{}
	if err := s.Serve(t.Context(), Listeners{HTTP: []string{freeAddress(t), taken.Addr().String()}}, 0); err == nil {
		t.Error("no error for an address that is taken")
	}
}
