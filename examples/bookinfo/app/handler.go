package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Answer is the body of every response.
type Answer struct {
	Service  string `json:"service"`
	Version  string `json:"version,omitempty"`
	Instance string `json:"instance,omitempty"`
	// Request is what arrived here, after all rewriting on the way.
	Request *Request `json:"request,omitempty"`
	Content any      `json:"content,omitempty"`
	// Status and Error say why a service gave no content.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
	// From holds the answers of the services that were asked for this one.
	From []*Answer `json:"from,omitempty"`
}

// Request is the part of a request that routing may change.
type Request struct {
	Method string `json:"method"`
	Host   string `json:"host"`
	Path   string `json:"path"`
	User   string `json:"user,omitempty"`
}

// handler serves /healthz and the paths of the service, by every method.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/", s.answer)
	return mux
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	a := &Answer{
		Service: s.name, Version: s.version, Instance: s.instance,
		Request: &Request{Method: r.Method, Host: r.Host, Path: r.URL.RequestURI(), User: r.Header.Get(userHeader)},
	}
	f, err := readFaults(r, s.name)
	switch {
	case err != nil:
		a.refuse(http.StatusBadRequest, err.Error())
	case !s.serves(r.URL.Path):
		a.refuse(http.StatusNotFound, fmt.Sprintf("%s serves /%s and nothing else", s.name, s.name))
	case !wait(r.Context(), f.delay):
		return
	case f.status != 0:
		a.refuse(f.status, "this failure was asked for")
	default:
		a.Content = s.content
		for _, name := range s.calls {
			a.From = append(a.From, s.ask(r, f, name))
		}
	}
	a.write(w)
}

// ask gets the answer of another service. A failure becomes part of the
// page and does not fail it, as in the Bookinfo that people know.
func (s *service) ask(r *http.Request, f faults, name string) *Answer {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.urls[name]+"/"+name+"/0", http.NoBody)
	if err != nil {
		return &Answer{Service: name, Error: err.Error()}
	}
	passOn(r.Header, req.Header)
	f.passOn(req.Header)
	resp, err := s.client.Do(req)
	if err != nil {
		return &Answer{Service: name, Error: err.Error()}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return &Answer{Service: name, Error: err.Error()}
	}
	a := new(Answer)
	if json.Unmarshal(body, a) != nil || a.Service == "" {
		// Not an answer of ours: a proxy on the way has spoken.
		return &Answer{Service: name, Status: resp.StatusCode, Error: string(body)}
	}
	return a
}

func (a *Answer) refuse(status int, why string) { a.Status, a.Error = status, why }

func (a *Answer) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(answeredBy, a.Service+"-"+a.Version)
	a.sign(w.Header())
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	// The client may be gone; there is nobody left to tell.
	_ = out.Encode(a)
}

// wait returns false when the caller went away first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
