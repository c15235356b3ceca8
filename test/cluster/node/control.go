package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// serveControl answers on the control socket, which only the user who brought
// the cluster up may open:
//
//	GET /status      the node's Status
//	POST /images     loads the image archive in the body
//	POST /kill/NAME  kills a component, which is started again
//	CONNECT ADDRESS  a connection to a TCP address inside the namespaces
func (n *node) serveControl() error {
	file := inherited(fdControl, "control")
	listener, err := net.FileListener(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("open control socket: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", n.getStatus)
	mux.HandleFunc("POST /images", postImages)
	mux.HandleFunc("POST /kill/{name}", n.postKill)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			connect(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})}
	return server.Serve(listener)
}

func (n *node) getStatus(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(n.board.snapshot()) // The client went away.
}

func postImages(w http.ResponseWriter, r *http.Request) {
	cmd := exec.CommandContext(r.Context(), "ctr", "--namespace", "k8s.io", "images", "import", "-")
	cmd.Stdin = r.Body
	out, err := cmd.CombinedOutput()
	if err != nil {
		http.Error(w, fmt.Sprintf("import images: %v: %s", err, strings.TrimSpace(string(out))), http.StatusUnprocessableEntity)
		return
	}
	_, _ = w.Write(out)
}

func (n *node) postKill(w http.ResponseWriter, r *http.Request) {
	for _, c := range n.board.snapshot().Components {
		if c.Name != r.PathValue("name") {
			continue
		}
		if c.Pid == 0 {
			http.Error(w, c.Name+" does not run", http.StatusConflict)
			return
		}
		if err := syscall.Kill(c.Pid, syscall.SIGKILL); err != nil {
			http.Error(w, fmt.Sprintf("kill %s: %v", c.Name, err), http.StatusInternalServerError)
		}
		return
	}
	http.Error(w, "no component "+r.PathValue("name"), http.StatusNotFound)
}

// connect answers a CONNECT request by the connection itself.
func connect(w http.ResponseWriter, r *http.Request) {
	inside, err := dial(r.Context(), r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	outside, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = inside.Close()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := io.WriteString(outside, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		_, _ = inside.Close(), outside.Close()
		return
	}
	// What the client sent after its request is already here.
	if _, err := io.CopyN(inside, buffered, int64(buffered.Reader.Buffered())); err != nil {
		_, _ = inside.Close(), outside.Close()
		return
	}
	join(outside, inside)
}
