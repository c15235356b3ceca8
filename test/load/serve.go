package load

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// Listeners are the addresses to serve an echo on.
type Listeners struct {
	// HTTP speaks HTTP/1.1 and, by prior knowledge, HTTP/2.
	HTTP []string
	// HTTPS does so over TLS, with a certificate of its own making for Names.
	HTTPS []string
	Names []string
	// TCP sends back each line with the server's name before it.
	TCP []string
}

// Serve serves on all listeners until ctx ends, then goes on for the drain
// time and lets open requests end. An address that cannot be listened on ends
// it at once.
func (s *Server) Serve(ctx context.Context, l Listeners, drain time.Duration) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, address := range l.HTTP {
		g.Go(func() error { return s.serveHTTP(ctx, address, nil, drain) })
	}
	if len(l.HTTPS) > 0 {
		cert, err := selfSigned(l.Names)
		if err != nil {
			return err
		}
		for _, address := range l.HTTPS {
			g.Go(func() error { return s.serveHTTP(ctx, address, cert, drain) })
		}
	}
	for _, address := range l.TCP {
		g.Go(func() error { return s.serveTCP(ctx, address) })
	}
	return g.Wait()
}

func (s *Server) serveHTTP(ctx context.Context, address string, cert *tls.Certificate, drain time.Duration) error {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Addr: address, Handler: s.Handler(), Protocols: protocols, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() {
		if cert == nil {
			ended <- server.ListenAndServe()
			return
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, MinVersion: tls.VersionTLS12}
		ended <- server.ListenAndServeTLS("", "")
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", address, err)
	case <-ctx.Done():
	}
	server.SetKeepAlivesEnabled(false)
	time.Sleep(drain)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		return fmt.Errorf("shut down %s: %w", address, err)
	}
	return nil
}

func (s *Server) serveTCP(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", address, err)
	}
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept on %s: %w", address, err)
		}
		go s.echoLines(conn)
	}
}

func (s *Server) echoLines(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		s.count("TCP")
		if _, err := fmt.Fprintf(conn, "%s-%s: %s\n", s.Name, s.Version, lines.Text()); err != nil {
			return
		}
	}
}

// selfSigned makes a certificate for the names that is good for a day.
func selfSigned(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		DNSNames:     names,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
