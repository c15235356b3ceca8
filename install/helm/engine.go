// Package helm looks at the Helm releases of a cluster and acts on them, by
// Helm's own library: what it installs is there for the helm command as well,
// with history, and goes on living without Meshloom.
//
// It decides nothing. Package install says which step is next; an Engine does
// that one step and never waits for workloads to become ready.
package helm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/kube"
	"k8s.io/client-go/rest"
)

// Options are what an Engine needs.
type Options struct {
	// Config is the access to the cluster; nil for an Engine that only renders.
	Config *rest.Config
	// Namespace is where the Secrets are that chart sources name.
	Namespace string
	// Bundle is an archive that WriteBundle made. Charts of repositories come
	// from there where it has them, and so do those of a Bundle source without
	// a location.
	Bundle string
	// HTTP fetches charts; nil means http.DefaultClient.
	HTTP *http.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log is where Helm's own log goes; nil means nowhere.
	Log slog.Handler
	// HookTimeout is how long a chart's hooks may take; 0 means 2 minutes.
	HookTimeout time.Duration
}

// history is how many revisions of a release Helm keeps.
const history = 10

// fieldManager owns the fields of what charts make. It is that of the helm
// command, so that either can go on from the other.
const fieldManager = "helm"

// Engine does single steps with Helm releases. It may be used by several
// goroutines; two steps on one release exclude each other.
type Engine struct {
	options Options
	charts  chartCache
	seen    releaseCache

	clientsOnce sync.Once
	clients     clients
	clientsErr  error

	busyLock sync.Mutex
	busy     map[string]bool
}

// setFieldManager sets what Helm keeps as a variable of its package.
var setFieldManager = sync.OnceFunc(func() { kube.ManagedFieldsManager = fieldManager })

// New returns an Engine. It connects to nothing yet.
func New(o Options) *Engine {
	setFieldManager()
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.DiscardHandler
	}
	if o.HookTimeout == 0 {
		o.HookTimeout = 2 * time.Minute
	}
	if o.Config != nil {
		o.Config = ready(o.Config)
	}
	return &Engine{options: o, busy: map[string]bool{}}
}

// ready returns a copy of the configuration for many small requests none of
// which may hang for good.
func ready(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	if config.QPS == 0 {
		config.QPS, config.Burst = 50, 100
	}
	if config.Timeout == 0 {
		config.Timeout = time.Minute
	}
	return config
}

// errOffline is returned where an Engine without a cluster is asked about one.
var errOffline = errors.New("there is no cluster to ask")

// helm returns Helm's configuration for the releases of one namespace.
func (e *Engine) helm(namespace string) (*action.Configuration, *errorLog, error) {
	if e.options.Config == nil {
		return nil, nil, errOffline
	}
	log := &errorLog{Handler: e.options.Log}
	config := action.NewConfiguration(action.ConfigurationSetLogger(log))
	if err := config.Init(newGetter(e.options.Config, namespace), namespace, "secret"); err != nil {
		return nil, nil, fmt.Errorf("set up Helm: %w", err)
	}
	config.Releases.MaxHistory = history
	return config, log, nil
}

// hold keeps others from the release until the returned function is called.
func (e *Engine) hold(ctx context.Context, namespace, name string) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	key := namespace + "/" + name
	e.busyLock.Lock()
	defer e.busyLock.Unlock()
	if e.busy[key] {
		return nil, fmt.Errorf("work on Helm release %s: another step is in progress", key)
	}
	e.busy[key] = true
	return func() {
		e.busyLock.Lock()
		defer e.busyLock.Unlock()
		delete(e.busy, key)
	}, nil
}
