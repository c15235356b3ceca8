package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// node is the supervisor's state.
type node struct {
	layout Layout
	board  board
}

// supervise runs the node until something fails that no restart can heal, and
// returns that. It ends every process of the node with it.
func supervise(layout Layout) error {
	n := &node{layout: layout}
	group, ctx := errgroup.WithContext(context.Background())
	group.Go(n.serveControl)
	api, err := newRelay(fdAPI)
	if err != nil {
		return fmt.Errorf("open relay to the API: %w", err)
	}
	api.lead(IP + ":" + apiPort)
	group.Go(func() error { return api.serve(ctx) })
	relays := make([]*relay, Relays)
	for i := range relays {
		if relays[i], err = newRelay(fdRelay + i); err != nil {
			return fmt.Errorf("open relay: %w", err)
		}
		group.Go(func() error { return relays[i].serve(ctx) })
	}
	group.Go(func() error {
		n.board.waitingFor("namespaces")
		if err := prepare(layout); err != nil {
			return err
		}
		if err := writePKI(layout.pki("")); err != nil {
			return err
		}
		if err := writeConfig(layout, api.address()); err != nil {
			return err
		}
		group.Go(func() error { return serveOutside(layout) })
		return n.startAll(ctx, relays)
	})
	return group.Wait()
}

// startAll starts the components in the order in which they need each other
// and returns when the node is ready.
func (n *node) startAll(ctx context.Context, relays []*relay) error {
	for _, c := range []component{n.layout.etcd(), n.layout.containerd(), n.layout.apiServer()} {
		if err := n.keep(ctx, c); err != nil {
			return err
		}
	}
	n.board.waitingFor("API server and images")
	both, wait := errgroup.WithContext(ctx)
	both.Go(func() error { return n.importImages(wait) })
	both.Go(func() error {
		if err := poll(wait, apiReady); err != nil {
			return err
		}
		for _, c := range n.layout.clients() {
			if err := n.keep(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err := both.Wait(); err != nil {
		return err
	}
	api, err := n.layout.client()
	if err != nil {
		return err
	}
	go (&loadBalancers{client: api, board: &n.board, relays: relays}).run(ctx)
	return n.becomeReady(ctx, api)
}

// becomeReady starts CoreDNS and waits until it answers, which takes a ready
// node, a scheduled pod and a network.
func (n *node) becomeReady(ctx context.Context, api client.Client) error {
	n.board.waitingFor("CoreDNS")
	if err := poll(ctx, func(ctx context.Context) error { return n.applyCoreDNS(ctx, api) }); err != nil {
		return err
	}
	if err := poll(ctx, func(ctx context.Context) error { return coreDNSReady(ctx, api) }); err != nil {
		return err
	}
	n.board.update(func(s *Status) { s.Ready, s.Waiting = true, "" })
	return nil
}

// importImages loads the archives of the state folder once containerd answers.
func (n *node) importImages(ctx context.Context) error {
	if err := poll(ctx, func(ctx context.Context) error { return ctr(ctx, "version") }); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(n.layout.Images(), "*.tar"))
	if err != nil {
		return fmt.Errorf("list images: %w", err)
	}
	for _, archive := range archives {
		if err := ctr(ctx, "--namespace", "k8s.io", "images", "import", archive); err != nil {
			return fmt.Errorf("import %s: %w", filepath.Base(archive), err)
		}
	}
	return nil
}

func ctr(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "ctr", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("run ctr: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// apiReady asks the API server itself; its certificate is not the question.
func apiReady(ctx context.Context) error {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+IP+":"+apiPort+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("get /readyz: %s", response.Status)
	}
	return nil
}

// poll tries until it succeeds. There is no limit here: whoever waits for the
// node has one.
func poll(ctx context.Context, try func(context.Context) error) error {
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
