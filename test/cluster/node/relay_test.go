package node

import (
	"io"
	"net"
	"testing"
)

// upper is a server that reads all, then answers once and closes.
func upper(t *testing.T, answer string) string {
	t.Helper()
	r := testRelay(t)
	go func() {
		for {
			conn, err := r.listener.Accept()
			if err != nil {
				return
			}
			text, err := io.ReadAll(conn)
			if err == nil {
				_, _ = io.WriteString(conn, answer+string(text))
			}
			_ = conn.Close()
		}
	}()
	return r.address()
}

// exchange says something, says that this was all, and returns the answer.
func exchange(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		return ""
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		return ""
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return ""
	}
	return string(answer)
}

func TestRelay(t *testing.T) {
	r := testRelay(t)
	go func() { _ = r.serve(t.Context()) }()
	steps := []struct{ target, want string }{
		{"", ""},
		{upper(t, "one:"), "one:hello"},
		{upper(t, "two:"), "two:hello"},
		{"127.0.0.1:1", ""},
	}
	for _, step := range steps {
		r.lead(step.target)
		if got := exchange(t, r.address(), "hello"); got != step.want {
			t.Errorf("led to %q: answer %q: want %q", step.target, got, step.want)
		}
	}
}
