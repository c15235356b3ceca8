package load

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"
)

// RawOptions describe bytes to send over bare TCP, as a client does that
// knows of no mesh and no TLS.
type RawOptions struct {
	Address string
	// Send is written as it is. Where empty it is an HTTP/1.1 request in
	// plaintext for / with Address as the host.
	Send string
	// Times is how many connections are made, one after the other.
	Times int
	// Timeout bounds one connection, 5 seconds where zero.
	Timeout time.Duration
	// Dial makes the connections, where they do not start on this host.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// RawReport counts connections by how they ended: the first line that came
// back ("HTTP/1.1 200 OK"), or what happened in place of it ("connection
// reset").
type RawReport struct {
	Connections int            `json:"connections"`
	Ends        map[string]int `json:"ends"`
	// First is what came back on the first connection that brought anything.
	First string `json:"first,omitempty"`
}

// Raw makes the connections and reports how each ended.
func Raw(ctx context.Context, o RawOptions) *RawReport {
	o.Times = max(o.Times, 1)
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Send == "" {
		o.Send = "GET / HTTP/1.1\r\nHost: " + o.Address + "\r\nConnection: close\r\n\r\n"
	}
	r := &RawReport{Ends: map[string]int{}}
	for range o.Times {
		r.Connections++
		got, err := o.exchange(ctx)
		if r.First == "" {
			r.First = got
		}
		line, _, _ := strings.Cut(got, "\n")
		switch {
		case got != "":
			r.Ends[strings.TrimSpace(line)]++
		case err != nil:
			r.Ends[classify(err)]++
		default:
			r.Ends["connection closed"]++
		}
	}
	return r
}

// exchange returns all that the other side wrote until it closed or fell
// silent.
func (o RawOptions) exchange(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	conn, err := ClientOptions{Dial: o.Dial}.dial(ctx, "tcp", o.Address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	if err := conn.SetDeadline(deadline); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, o.Send); err != nil {
		return "", err
	}
	// An open write side keeps servers that read to the end from answering.
	if half, ok := conn.(interface{ CloseWrite() error }); ok && !strings.HasPrefix(o.Send, "GET ") {
		if err := half.CloseWrite(); err != nil && !errors.Is(err, net.ErrClosed) {
			return "", err
		}
	}
	got, err := io.ReadAll(io.LimitReader(conn, bodyKept))
	return string(got), err
}
