package node

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// relay leads connections to a socket of the host into the namespaces. It has
// no target at first and may get another at any time.
type relay struct {
	listener net.Listener
	mu       sync.Mutex
	target   string
}

// newRelay takes over a listening socket that was made outside.
func newRelay(fd int) (*relay, error) {
	file := inherited(fd, "relay")
	listener, err := net.FileListener(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return &relay{listener: listener}, nil
}

// address is where the host reaches the relay.
func (r *relay) address() string { return r.listener.Addr().String() }

// lead sets the target. Connections that are open keep the old one.
func (r *relay) lead(target string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = target
}

func (r *relay) current() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.target
}

// serve accepts connections until the listener is closed, and closes those for
// which there is no target or that the target refuses.
func (r *relay) serve(ctx context.Context) error {
	for {
		outside, err := r.listener.Accept()
		if err != nil {
			return err
		}
		go func() {
			inside, err := dial(ctx, r.current())
			if err != nil {
				_ = outside.Close()
				return
			}
			join(outside, inside)
		}()
	}
}

func dial(ctx context.Context, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return dialer.DialContext(ctx, "tcp", address)
}

// join copies both ways until both sides have said all, then closes both.
func join(a, b net.Conn) {
	done := make(chan struct{}, 2)
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // An error ends the connection, as it does for the peers.
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		done <- struct{}{}
	}
	go pipe(a, b)
	go pipe(b, a)
	<-done
	<-done
	_ = a.Close()
	_ = b.Close()
}
