package chart_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/meshloom/meshloom/internal/roles"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/all"
)

// conflicting answers the first write to each native kind as the API server
// does when somebody else was faster.
func conflicting(next http.RoundTripper) http.RoundTripper {
	var mu sync.Mutex
	var seen []string
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		info, err := requests.NewRequestInfo(req)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		first := info.Verb == "patch" && native(info) && !slices.Contains(seen, info.APIGroup+"/"+info.Resource)
		if first {
			seen = append(seen, info.APIGroup+"/"+info.Resource)
		}
		mu.Unlock()
		if first {
			return answer(req, http.StatusConflict, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Conflict","code":409}`), nil
		}
		return next.RoundTrip(req)
	})
}

// native says whether a request is about a kind that providers write.
func native(info *request.RequestInfo) bool {
	return slices.ContainsFunc(translators.Kinds(all.Providers()), func(kind schema.GroupVersionKind) bool {
		return kind.Group == info.APIGroup && roles.Resource(kind) == info.Resource
	})
}

// older refuses watches that begin with a list, as API servers did before they
// could: then clients list.
func older(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if req.URL.Query().Has("sendInitialEvents") {
			return answer(req, http.StatusUnprocessableEntity, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Invalid","code":422}`), nil
		}
		return next.RoundTrip(req)
	})
}

// answer is one that no server gave.
func answer(req *http.Request, code int, body string) *http.Response {
	return &http.Response{
		Request: req, StatusCode: code, Status: http.StatusText(code), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}
