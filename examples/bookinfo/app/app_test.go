package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// start runs all services, with one version of reviews, and returns the
// addresses by name.
func start(t *testing.T, reviews string) map[string]string {
	t.Helper()
	urls := map[string]string{}
	for _, name := range []string{"ratings", "details", "reviews", "productpage"} {
		version := "v1"
		if name == "reviews" {
			version = reviews
		}
		s, err := newService(name, version, "pod-"+name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.calls {
			s.urls[c] = urls[c]
		}
		server := httptest.NewServer(s.handler())
		t.Cleanup(server.Close)
		urls[name] = server.URL
	}
	return urls
}

func get(t *testing.T, url string, headers ...string) (*http.Response, Answer) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a Answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatalf("decode the answer of %s: %v", url, err)
	}
	return resp, a
}

func signatures(h http.Header) map[string]string {
	got := map[string]string{}
	for name := range h {
		if service, ok := strings.CutPrefix(name, signature); ok {
			got[strings.ToLower(service)] = h.Get(name)
		}
	}
	return got
}

func TestWhoAnswered(t *testing.T) {
	for _, c := range []struct {
		name, reviews, path string
		headers             []string
		status              int
		want                map[string]string
	}{
		{
			"v1 shows no stars", "v1", "/productpage", nil, 200,
			map[string]string{"productpage": "v1", "details": "v1", "reviews": "v1"},
		},
		{
			"v2 asks for ratings", "v2", "/productpage/x", nil, 200,
			map[string]string{"productpage": "v1", "details": "v1", "reviews": "v2", "ratings": "v1"},
		},
		{
			"a failure deep down is named", "v3", "/productpage",
			[]string{failHeader, "ratings=503"},
			200,
			map[string]string{"productpage": "v1", "details": "v1", "reviews": "v3", "ratings": "error-503"},
		},
		{
			"the query reaches down as well", "v3", "/productpage?fail=reviews=500", nil, 200,
			map[string]string{"productpage": "v1", "details": "v1", "reviews": "error-500"},
		},
		{
			"a bare item means the service that is called", "v1", "/productpage?fail=502", nil, 502,
			map[string]string{"productpage": "error-502"},
		},
		{
			"never at 0 percent", "v1", "/productpage?fail=502@0", nil, 200,
			map[string]string{"productpage": "v1", "details": "v1", "reviews": "v1"},
		},
		{
			"a prefix is whole elements", "v1", "/productpages", nil, 404,
			map[string]string{"productpage": "error-404"},
		},
		{
			"an unknown service is refused", "v1", "/productpage?fail=rating=503", nil, 400,
			map[string]string{"productpage": "error-400"},
		},
		{
			"an unreadable delay is refused", "v1", "/productpage",
			[]string{delayHeader, "soon"},
			400,
			map[string]string{"productpage": "error-400"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			urls := start(t, c.reviews)
			resp, _ := get(t, urls["productpage"]+c.path, c.headers...)
			if resp.StatusCode != c.status {
				t.Errorf("status %d, want %d", resp.StatusCode, c.status)
			}
			if diff := cmp.Diff(c.want, signatures(resp.Header)); diff != "" {
				t.Errorf("signatures (-want +got):\n%s", diff)
			}
			if got := resp.Header.Get(answeredBy); got != "productpage-v1" {
				t.Errorf("%s: %s", answeredBy, got)
			}
		})
	}
}

func TestHeadersReachTheLastService(t *testing.T) {
	urls := start(t, "v2")
	_, page := get(t, urls["productpage"]+"/productpage", "end-user", "jason", "X-Unrelated", "stays")
	reviews := page.From[1]
	ratings := reviews.From[0]
	if ratings.Request.User != "jason" {
		t.Errorf("ratings saw user %q, want jason", ratings.Request.User)
	}
	want := &Request{Method: "GET", Host: strings.TrimPrefix(urls["ratings"], "http://"), Path: "/ratings/0", User: "jason"}
	if diff := cmp.Diff(want, ratings.Request); diff != "" {
		t.Errorf("request at ratings (-want +got):\n%s", diff)
	}
}

func TestDelayIsWaited(t *testing.T) {
	urls := start(t, "v1")
	begun := time.Now()
	if resp, _ := get(t, urls["reviews"]+"/reviews/0?delay=50ms"); resp.StatusCode != 200 {
		t.Errorf("status %d", resp.StatusCode)
	}
	if took := time.Since(begun); took < 50*time.Millisecond {
		t.Errorf("answered after %v, before the delay", took)
	}
}

func TestProxyRefusalIsShown(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "RBAC: access denied", http.StatusForbidden)
	}))
	defer proxy.Close()
	t.Setenv("RATINGS_URL", proxy.URL)
	s, err := newService("reviews", "v2", "pod")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler())
	defer server.Close()
	resp, _ := get(t, server.URL+"/reviews/0")
	if got := resp.Header.Get("X-Bookinfo-Ratings"); got != "error-403" {
		t.Errorf("X-Bookinfo-Ratings: %q, want error-403", got)
	}
}

func TestUnknownService(t *testing.T) {
	if _, err := newService("review", "v1", "pod"); err == nil {
		t.Error("a service of no known name was made")
	}
}
