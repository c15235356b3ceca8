//go:build e2e

package consul

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshloom/meshloom/test/engines/consulk8s"
	"github.com/meshloom/meshloom/test/engines/process"
)

// patience is how long anything may take on a machine that does much else.
const patience = 3 * time.Minute

// agent is a Consul of one server, in memory.
type agent struct {
	url, grpc string
	process   *process.Process
}

// startAgent starts a Consul that listens on the six ports from first on, and
// returns when it has a leader.
func startAgent(ctx context.Context, folder string, first int) (*agent, error) {
	port := func(i int) string { return strconv.Itoa(first + i) }
	a := &agent{url: "http://127.0.0.1:" + port(0), grpc: port(1)}
	// It outlives the test that starts it.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), os.Getenv(consulVariable), "agent", "-dev", "-node", "test",
		"-bind", "127.0.0.1", "-client", "127.0.0.1", "-log-level", "warn",
		"-http-port", port(0), "-grpc-port", port(1), "-grpc-tls-port", "-1", "-dns-port", "-1",
		"-server-port", port(2), "-serf-lan-port", port(3), "-serf-wan-port", port(4))
	cmd.Dir = folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if a.process, err = process.Start(cmd, filepath.Join(folder, fmt.Sprintf("consul-%d.log", first))); err != nil {
		return nil, err
	}
	err = a.await(ctx, "a leader of Consul", func() error {
		var leader string
		if err := a.call(ctx, http.MethodGet, "/v1/status/leader", nil, &leader); err != nil {
			return err
		}
		if leader == "" {
			return errors.New("none yet")
		}
		return nil
	})
	if err != nil {
		a.process.Kill()
		return nil, err
	}
	return a, nil
}

// await asks until there is no error, for as long as patience lasts.
func (a *agent) await(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-a.process.Ended():
			return fmt.Errorf("wait for %s: Consul ended: %s", what, a.process.LastWords())
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %s", what, err, a.process.LastWords())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// call speaks to the HTTP API. An error of Consul's has its words.
func (a *agent) call(ctx context.Context, method, path string, in, out any) error {
	body := new(bytes.Buffer)
	if in != nil {
		if err := json.NewEncoder(body).Encode(in); err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, a.url+path, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(text)))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("decode answer to %s %s: %w", method, path, err)
	}
	return nil
}

// write writes the config entry that a resource becomes.
func (a *agent) write(resource *unstructured.Unstructured) step {
	return a.step(resource, "write", func(ctx context.Context, e consulk8s.Entry) error {
		return a.call(ctx, http.MethodPut, "/v1/config", e.Body, nil)
	})
}

// remove deletes it.
func (a *agent) remove(resource *unstructured.Unstructured) step {
	return a.step(resource, "delete", func(ctx context.Context, e consulk8s.Entry) error {
		return a.call(ctx, http.MethodDelete, "/v1/config/"+e.Kind+"/"+url.PathEscape(e.Name), nil, nil)
	})
}

func (a *agent) step(resource *unstructured.Unstructured, verb string, do func(context.Context, consulk8s.Entry) error) step {
	return func(ctx context.Context) error {
		entries, err := consulk8s.Entries([]*unstructured.Unstructured{resource})
		if err != nil {
			return err
		}
		if err := do(ctx, entries[0]); err != nil {
			return fmt.Errorf("%s %s: %w", verb, entries[0], err)
		}
		return nil
	}
}

// take takes steps in their order until one is refused.
func take(ctx context.Context, resources []*unstructured.Unstructured, how func(*unstructured.Unstructured) step) error {
	for _, o := range resources {
		if err := how(o)(ctx); err != nil {
			return err
		}
	}
	return nil
}
