package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Dial connects to a TCP address inside the cluster's namespaces, such as that
// of a LoadBalancer Service, a ClusterIP or a pod. Names are not resolved.
func (c *Cluster) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := c.dialControl(ctx)
	if err != nil {
		return nil, fmt.Errorf("dial %s in cluster %s: %w", address, c.name, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	inside, err := handshake(conn, address)
	if !stop() || err != nil {
		return nil, fmt.Errorf("dial %s in cluster %s: %w", address, c.name, errors.Join(err, ctx.Err(), conn.Close()))
	}
	return inside, nil
}

// handshake asks for the connection and returns it.
func handshake(conn net.Conn, address string) (net.Conn, error) {
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", address, address); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response)
	}
	return &bufferedConn{Conn: conn, reader: reader}, nil
}

// bufferedConn is a connection of which a little has been read ahead.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *bufferedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// CloseWrite tells the other side that no more follows.
func (c *bufferedConn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}

func (c *Cluster) dialControl(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, "unix", c.layout.Control())
}

// ask sends a request to the node. The caller closes the body of the answer.
func (c *Cluster) ask(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dialControl(ctx) },
		DisableKeepAlives: true,
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://node"+path, body)
	if err != nil {
		return nil, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, refusal(response)
	}
	return response, nil
}

// refusal makes an error of an answer that is not the one hoped for.
func refusal(response *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	return fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(text)))
}
