package chart_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// use is one thing that a role lets somebody do.
type use struct{ group, resource, verb string }

func (u use) String() string { return fmt.Sprintf("%s %s.%s", u.verb, u.resource, u.group) }

// recorder passes requests on as those of a service account, and keeps what
// permissions they used and which of them were refused.
type recorder struct {
	account string

	mu      sync.Mutex
	used    map[use]bool
	refused []string
}

var requests = request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}

// over wraps a transport, or one that fails some requests by itself.
func (r *recorder) over(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		req = req.Clone(req.Context())
		req.Header.Set("Impersonate-User", r.account)
		info, err := requests.NewRequestInfo(req)
		if err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(req)
		if err == nil && info.IsResourceRequest {
			err = r.take(info, resp)
		}
		return resp, err
	})
}

func (r *recorder) take(info *request.RequestInfo, resp *http.Response) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if resp.StatusCode == http.StatusForbidden {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		resp.Body = io.NopCloser(strings.NewReader(string(body)))
		r.refused = append(r.refused, fmt.Sprintf("%s %s: %s", info.Verb, info.Path, body))
		return nil
	}
	resource := info.Resource
	if info.Subresource != "" {
		resource += "/" + info.Subresource
	}
	if r.used == nil {
		r.used = map[use]bool{}
	}
	r.used[use{info.APIGroup, resource, info.Verb}] = true
	if info.Verb == "patch" && resp.StatusCode == http.StatusCreated {
		// An apply that makes an object needs both.
		r.used[use{info.APIGroup, resource, "create"}] = true
	}
	return nil
}

// unused returns what rules allow that nothing needed, or nothing but objects
// of other names.
func (r *recorder) unused(rules []rbacv1.PolicyRule) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					if u := (use{group, resource, verb}); !r.used[u] {
						out = append(out, u.String())
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// refusals are the requests that were refused, once each.
func (r *recorder) refusals() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.refused)
	return slices.Compact(slices.Clone(r.refused))
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
