package main

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	// answeredBy is the response header that names who answered: reviews-v2.
	answeredBy = "X-Answered-By"
	// signature begins the response headers that name the version of every
	// service behind an answer, such as "X-Bookinfo-Reviews: v2". A service
	// that failed is named with its status, as in "error-403".
	signature  = "X-Bookinfo-"
	userHeader = "End-User"
)

// passed are the request headers that a service hands on to those it calls,
// so that rules for a user and traces reach through the whole chain.
var passed = []string{
	userHeader, "Cookie", "Authorization", "Accept-Language", "User-Agent",
	"X-Request-Id", "Traceparent", "Tracestate", "Baggage",
	"B3", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"X-Ot-Span-Context", "X-Cloud-Trace-Context",
}

func passOn(from, to http.Header) {
	for _, name := range passed {
		if values := from.Values(name); len(values) > 0 {
			to[http.CanonicalHeaderKey(name)] = values
		}
	}
}

// sign names the answer's service and, below it, all that it asked.
func (a *Answer) sign(h http.Header) {
	h.Set(signature+strings.ToUpper(a.Service[:1])+a.Service[1:], a.outcome())
	for _, from := range a.From {
		from.sign(h)
	}
}

func (a *Answer) outcome() string {
	switch {
	case a.Status != 0:
		return "error-" + strconv.Itoa(a.Status)
	case a.Error != "":
		return "error"
	}
	return a.Version
}
