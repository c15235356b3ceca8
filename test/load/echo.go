package load

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Echo is the body of the echo server's responses: what reached it.
type Echo struct {
	Name     string      `json:"name"`
	Version  string      `json:"version"`
	Instance string      `json:"instance,omitempty"`
	Method   string      `json:"method"`
	Host     string      `json:"host"`
	Path     string      `json:"path"`
	Query    string      `json:"query,omitempty"`
	Proto    string      `json:"proto"`
	Remote   string      `json:"remote"`
	Header   http.Header `json:"header"`
	Body     string      `json:"body,omitempty"`
	// TLS is the server name of the TLS connection that ended here, or "-"
	// where it had none; it is empty for plaintext.
	TLS string `json:"tls,omitempty"`
}

// Server answers every request with an Echo, and keeps count.
//
// The query parameters delay=2s, fail=503 and fail=503@50 (percent) make one
// request slow or failing. GET /-/counts returns how many requests arrived, by
// "METHOD host path"; DELETE /-/counts begins anew. /healthz is not counted.
type Server struct {
	Name, Version, Instance string
	// Delay and Fail are in force for every request that asks for no other.
	Delay time.Duration
	Fail  string

	mu     sync.Mutex
	counts map[string]int
}

// countsKept bounds the memory for counts; what is beyond is counted together.
const countsKept = 1000

// Handler returns the server's handler.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /-/counts", s.serveCounts)
	mux.HandleFunc("DELETE /-/counts", s.forget)
	mux.HandleFunc("/", s.echo)
	return mux
}

func (s *Server) echo(w http.ResponseWriter, r *http.Request) {
	s.count(r.Method + " " + r.Host + " " + r.URL.Path)
	delay, status, err := s.faults(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	sleep(r.Context(), delay)
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyKept))
	if err != nil {
		return
	}
	e := Echo{
		Name: s.Name, Version: s.Version, Instance: s.Instance,
		Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.RawQuery,
		Proto: r.Proto, Remote: r.RemoteAddr, Header: r.Header, Body: string(body),
	}
	if r.TLS != nil {
		e.TLS = r.TLS.ServerName
		if e.TLS == "" {
			e.TLS = "-"
		}
	}
	w.Header().Set(AnsweredBy, s.Name+"-"+s.Version)
	writeJSON(w, status, e)
}

func (s *Server) faults(r *http.Request) (delay time.Duration, status int, err error) {
	q := r.URL.Query()
	delay, status = s.Delay, http.StatusOK
	if v := q.Get("delay"); v != "" {
		if delay, err = time.ParseDuration(v); err != nil {
			return 0, 0, fmt.Errorf("read delay: %w", err)
		}
	}
	fail := s.Fail
	if v := q.Get("fail"); v != "" {
		fail = v
	}
	if fail == "" {
		return delay, status, nil
	}
	code, share, limited := strings.Cut(fail, "@")
	failed, err := strconv.Atoi(code)
	if err != nil || failed < 200 || failed > 599 {
		return 0, 0, fmt.Errorf("read fail %q: want a status such as 503 or 503@50", fail)
	}
	percent := 100.0
	if limited {
		if percent, err = strconv.ParseFloat(share, 64); err != nil {
			return 0, 0, fmt.Errorf("read fail %q: %w", fail, err)
		}
	}
	if rand.Float64()*100 < percent {
		status = failed
	}
	return delay, status, nil
}

func (s *Server) count(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	if _, known := s.counts[what]; !known && len(s.counts) >= countsKept {
		what = "others"
	}
	s.counts[what]++
}

// Counts returns a copy of what was counted.
func (s *Server) Counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

func (s *Server) serveCounts(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.Counts())
}

func (s *Server) forget(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	s.counts = nil
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The client may be gone; there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(v)
}
