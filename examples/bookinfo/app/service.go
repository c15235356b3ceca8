package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// service is one of Bookinfo's services in one version.
type service struct {
	name     string
	version  string
	instance string
	// calls are the services that every answer asks first, in this order.
	calls []string
	// urls are the base addresses of the services in calls.
	urls map[string]string
	// content is what the service itself has to say.
	content any
	client  *http.Client
}

// newService returns a service, or an error that names those there are.
// Variables such as RATINGS_URL say where the services it calls are; the
// default is the Service of that name in the same namespace.
func newService(name, version, instance string) (*service, error) {
	calls, content, ok := cast(name, version)
	if !ok {
		return nil, fmt.Errorf("service %q is none of %s", name, strings.Join(names, ", "))
	}
	urls := make(map[string]string, len(calls))
	for _, c := range calls {
		urls[c] = env(strings.ToUpper(c)+"_URL", "http://"+c+":9080")
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}
	return &service{
		name: name, version: version, instance: instance,
		calls: calls, urls: urls, content: content,
		client: &http.Client{Transport: transport, Timeout: 30 * time.Second},
	}, nil
}

var names = []string{"productpage", "details", "reviews", "ratings"}

// cast says whom a service calls and what it answers. Version v1 of reviews
// shows no stars; v2 shows them in black and v3 in red.
func cast(name, version string) (calls []string, content any, ok bool) {
	switch name {
	case "productpage":
		return []string{"details", "reviews"}, map[string]string{"title": "The Comedy of Errors"}, true
	case "details":
		return nil, map[string]any{"author": "William Shakespeare", "year": 1595, "pages": 200}, true
	case "reviews":
		content := map[string]string{"reviewer1": "An extremely entertaining play.", "reviewer2": "Absolutely fun and entertaining."}
		if version == "v1" {
			return nil, content, true
		}
		content["stars"] = map[bool]string{true: "red", false: "black"}[version == "v3"]
		return []string{"ratings"}, content, true
	case "ratings":
		return nil, map[string]int{"reviewer1": 5, "reviewer2": 4}, true
	}
	return nil, nil, false
}

// serves says whether a path belongs to the service: /reviews, /reviews/0.
func (s *service) serves(path string) bool {
	rest, ok := strings.CutPrefix(path, "/"+s.name)
	return ok && (rest == "" || rest[0] == '/')
}

// knows says whether a name is one of Bookinfo's services.
func knows(name string) bool { return slices.Contains(names, name) }
