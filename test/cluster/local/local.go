// Package local brings up real Kubernetes clusters of one node on this
// machine, without Docker, a registry or a change to the machine: etcd, the
// control plane, kubelet, kube-proxy and CoreDNS run with Debian's containerd
// in namespaces of their own, which package node prepares and supervises.
//
// A cluster has a name, and several live side by side. It is reached from
// outside through its kubeconfig, through Dial, and through a loopback port for
// every LoadBalancer Service. One process ends it: when its pid 1 is killed,
// nothing of it is left but its state folder, which Down removes.
package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/meshloom/meshloom/test/cluster/node"
)

// ErrDown says that no cluster of a name is up.
var ErrDown = errors.New("cluster is not up")

// ErrUp says that a cluster of a name is up already.
var ErrUp = errors.New("cluster is up already")

// DefaultName is the cluster's name where none is given.
const DefaultName = "meshloom"

// Cluster is a running cluster.
type Cluster struct {
	name   string
	layout node.Layout
	init   process
	// reaped is closed when pid 1 has ended and this process, its parent, has
	// collected it. It is nil where another process is the parent.
	reaped chan struct{}
}

// record is what a cluster's state folder says about its process.
type record struct {
	Init process `json:"init"`
	CNI  string  `json:"cni"`
}

// Open returns the cluster of a name if it is up, else ErrDown.
func Open(name string) (*Cluster, error) {
	dir, err := stateDir(name)
	if err != nil {
		return nil, err
	}
	return open(name, dir)
}

func open(name, dir string) (*Cluster, error) {
	text, err := os.ReadFile(recordFile(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open cluster %s: %w", name, ErrDown)
	}
	if err != nil {
		return nil, fmt.Errorf("open cluster %s: %w", name, err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("open cluster %s: %w", name, err)
	}
	if !r.Init.alive() {
		return nil, fmt.Errorf("open cluster %s: %w", name, ErrDown)
	}
	return &Cluster{name: name, layout: node.Layout{Dir: dir, CNI: r.CNI}, init: r.Init}, nil
}

// List returns the clusters of this user that are up, by name.
func List() ([]*Cluster, error) {
	root, err := stateRoot()
	if err != nil {
		return nil, err
	}
	folders, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var clusters []*Cluster
	for _, folder := range folders {
		c, err := open(folder.Name(), filepath.Join(root, folder.Name()))
		if errors.Is(err, ErrDown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, c)
	}
	return clusters, nil
}

// Name returns the cluster's name.
func (c *Cluster) Name() string { return c.name }

// Pid returns the process that is pid 1 of the cluster's namespaces.
func (c *Cluster) Pid() int { return c.init.Pid }

// Kubeconfig returns the path of an administrator's kubeconfig that works
// outside the namespaces. It is gone when the cluster is down.
func (c *Cluster) Kubeconfig() string { return c.layout.Kubeconfig() }

// Logs returns the folder with the logs of the components.
func (c *Cluster) Logs() string { return c.layout.Logs() }

// Audit returns the file in which the API server notes writes: events of
// audit.k8s.io, one in a line.
func (c *Cluster) Audit() string { return c.layout.Audit() }

// Status asks the cluster how it is.
func (c *Cluster) Status(ctx context.Context) (node.Status, error) {
	var status node.Status
	response, err := c.ask(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return status, fmt.Errorf("get status of cluster %s: %w", c.name, err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		return status, fmt.Errorf("read status of cluster %s: %w", c.name, err)
	}
	return status, nil
}

// LoadImage loads an image archive, after which pods can use the image with
// imagePullPolicy Never or IfNotPresent.
func (c *Cluster) LoadImage(ctx context.Context, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("load image: %w", err)
	}
	defer file.Close()
	response, err := c.ask(ctx, http.MethodPost, "/images", file)
	if err != nil {
		return fmt.Errorf("load image %s into cluster %s: %w", archive, c.name, err)
	}
	return response.Body.Close()
}

// Kill ends a component at once, such as etcd or kube-apiserver, as if its
// machine had failed. It is started again a second later.
func (c *Cluster) Kill(ctx context.Context, component string) error {
	response, err := c.ask(ctx, http.MethodPost, "/kill/"+component, nil)
	if err != nil {
		return fmt.Errorf("kill %s of cluster %s: %w", component, c.name, err)
	}
	return response.Body.Close()
}

// Command returns a command that runs inside the cluster's namespaces, on the
// node. Programs and files must be readable by everybody.
func (c *Cluster) Command(ctx context.Context, args ...string) *exec.Cmd {
	enter := []string{"--target", fmt.Sprint(c.init.Pid), "--user", "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--wd=/", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = environment()
	return cmd
}

// Exec runs a command inside the cluster's namespaces and returns its standard
// output. The error of a command that fails carries its standard error.
func (c *Cluster) Exec(ctx context.Context, args ...string) ([]byte, error) {
	out, err := c.Command(ctx, args...).Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return out, fmt.Errorf("run %v in cluster %s: %w: %s", args, c.name, err, failed.Stderr)
	}
	if err != nil {
		return out, fmt.Errorf("run %v in cluster %s: %w", args, c.name, err)
	}
	return out, nil
}

// wait polls until the cluster is ready.
func (c *Cluster) wait(ctx context.Context, progress io.Writer) error {
	begin := time.Now()
	said := ""
	for {
		status, err := c.Status(ctx)
		if err == nil && status.Ready {
			fmt.Fprintf(progress, "cluster %s is ready: %.0f s\n", c.name, time.Since(begin).Seconds())
			return nil
		}
		if err == nil && status.Waiting != said {
			said = status.Waiting
			fmt.Fprintf(progress, "wait for %s ...\n", said)
		}
		if !c.init.alive() {
			return fmt.Errorf("start cluster %s: it ended: %s", c.name, lastLines(c.layout.Log("node")))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for cluster %s, which waits for %s: %w: %s", c.name, said, ctx.Err(), lastLines(c.layout.Log("node")))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// stateDir is the folder of one cluster.
func stateDir(name string) (string, error) {
	if !validName.MatchString(name) {
		return "", fmt.Errorf("cluster name %q: want at most 32 lower-case letters, digits and hyphens", name)
	}
	root, err := stateRoot()
	return filepath.Join(root, name), err
}

// stateRoot is the folder of all clusters of this user. It cannot be in the
// home folder: that of root is closed to the ids that its clusters run as.
func stateRoot() (string, error) {
	root := fmt.Sprintf("/var/tmp/meshloom-%d", os.Getuid())
	if err := os.Mkdir(root, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", fmt.Errorf("create state folder: %w", err)
	}
	if err := ownedByUs(root); err != nil {
		return "", fmt.Errorf("use state folder: %w", err)
	}
	return root, nil
}

func recordFile(dir string) string { return filepath.Join(dir, "cluster.json") }
