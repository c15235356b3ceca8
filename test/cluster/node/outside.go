package node

import (
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// OutsideIP is the address of a host that is no part of the cluster: it has no
// pod, no Service and no proxy, and answers HTTP on port 80 and HTTPS on 443.
const OutsideIP = "10.200.0.50"

// OutsideNames are what the cluster's DNS calls that host. Its certificate
// names all of them and is signed by the authority of the API server.
var OutsideNames = []string{"outside.example", "api.outside.example", "other.example"}

// Echo is what the outside host answers every request with.
type Echo struct {
	Host    string      `json:"host"`
	Method  string      `json:"method"`
	Path    string      `json:"path"`
	TLS     bool        `json:"tls"`
	Remote  string      `json:"remote"`
	Headers http.Header `json:"headers"`
}

func echo(w http.ResponseWriter, r *http.Request) {
	remote, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		remote = r.RemoteAddr
	}
	w.Header().Set("Content-Type", "application/json")
	answer := Echo{Host: r.Host, Method: r.Method, Path: r.URL.RequestURI(), TLS: r.TLS != nil, Remote: remote, Headers: r.Header}
	_ = json.NewEncoder(w).Encode(answer) // The client went away.
}

// serveOutside answers as the outside host until one of its listeners fails.
func serveOutside(layout Layout) error {
	failed := make(chan error, 2)
	server := func(port string) *http.Server {
		return &http.Server{Addr: net.JoinHostPort(OutsideIP, port), Handler: http.HandlerFunc(echo), ReadHeaderTimeout: 10 * time.Second}
	}
	go func() { failed <- server("80").ListenAndServe() }()
	go func() {
		failed <- server("443").ListenAndServeTLS(layout.pki("outside.crt"), layout.pki("outside.key"))
	}()
	return <-failed
}
