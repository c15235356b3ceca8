package load

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ClientOptions say how connections are made.
type ClientOptions struct {
	// Address is dialled in place of the URL's host and port.
	Address string
	// Dial makes the connections, where they do not start on this host.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// NewConnections makes one connection for each request.
	NewConnections bool
	// HTTP2 speaks HTTP/2 alone: over TLS by ALPN, in plaintext by prior
	// knowledge.
	HTTP2 bool
	// ServerName is sent in the TLS handshake and checked, where it is not
	// the URL's host.
	ServerName string
	// RootCAs are PEM certificates to trust in place of the system's.
	RootCAs []byte
	// Insecure accepts any certificate.
	Insecure bool
}

func (o ClientOptions) client() (*http.Client, error) {
	config := &tls.Config{ServerName: o.ServerName, InsecureSkipVerify: o.Insecure}
	if len(o.RootCAs) > 0 {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(o.RootCAs) {
			return nil, errors.New("read root certificates: no PEM certificate found")
		}
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!o.HTTP2)
	protocols.SetHTTP2(o.HTTP2)
	protocols.SetUnencryptedHTTP2(o.HTTP2)
	transport := &http.Transport{
		DialContext:         o.dial,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 1024,
		DisableKeepAlives:   o.NewConnections,
		DisableCompression:  true,
		Protocols:           protocols,
	}
	return &http.Client{Transport: transport, CheckRedirect: stayHere}, nil
}

func (o ClientOptions) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if o.Address != "" {
		address = o.Address
	}
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	return conn, nil
}

func stayHere(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
