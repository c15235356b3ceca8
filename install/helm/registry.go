package helm

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"helm.sh/helm/v4/pkg/registry"

	"github.com/meshloom/meshloom/install"
)

// pull gets a packed chart from an OCI registry.
func (e *Engine) pull(ctx context.Context, c install.Chart, login credentials) ([]byte, error) {
	where := strings.TrimSuffix(strings.TrimPrefix(c.Source.Location, "oci://"), "/")
	options := []registry.ClientOption{registry.ClientOptHTTPClient(boundTo(ctx, e.options.HTTP))}
	if login.username != "" {
		options = append(options, registry.ClientOptBasicAuth(login.username, login.password))
	}
	if isLoopback(where) {
		options = append(options, registry.ClientOptPlainHTTP())
	}
	client, err := registry.NewClient(options...)
	if err != nil {
		return nil, fmt.Errorf("set up the registry's client: %w", err)
	}
	pulled, err := client.Pull(where + "/" + c.Name + ":" + c.Version)
	if err != nil {
		return nil, fmt.Errorf("%w: mirror the chart there, or check helm.chartSource and its Secret", err)
	}
	return pulled.Chart.Data, nil
}

// isLoopback reports whether a registry is on this machine, where it speaks
// plain HTTP as everywhere in the world of containers.
func isLoopback(where string) bool {
	host, _, _ := strings.Cut(where, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// boundTo returns a client whose requests end with the context, for a library
// that takes none.
func boundTo(ctx context.Context, client *http.Client) *http.Client {
	bound := *client
	transport := client.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	bound.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		return transport.RoundTrip(r.WithContext(ctx))
	})
	return &bound
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
