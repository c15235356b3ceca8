package installer

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/install"
	"github.com/meshloom/meshloom/install/helm"
	"github.com/meshloom/meshloom/translators"
)

// Look sees a cluster once, for who asks what the installer would do: what it
// sees is what the installer sees, read by requests instead of informers.
type Look struct {
	providers []translators.Provider
	observer  *observer
}

// NewLook returns a Look at the cluster of a client whose scheme has every kind
// of Scheme.
func NewLook(c client.Client, info discovery.ServerVersionInterface, engine *helm.Engine, providers []translators.Provider) *Look {
	cache := reader{c, trimmer{providers}}
	return &Look{providers: providers, observer: &observer{
		providers: providers, cache: cache, version: serverVersion(info), releases: engine.Releases,
	}}
}

// Cluster returns what installing depends on, whichever mesh it is for.
func (l *Look) Cluster(ctx context.Context) (install.Cluster, error) { return l.observer.cluster(ctx) }

// Mesh returns what is asked of a mesh, which need not be in the cluster yet,
// and what is there of it. Of its root of trust nothing is seen: that is in
// Secrets.
func (l *Look) Mesh(ctx context.Context, mesh *v1alpha1.Mesh) (install.Wanted, install.Seen, error) {
	at := slices.IndexFunc(l.providers, func(p translators.Provider) bool { return p.Name == string(mesh.Spec.Provider) })
	if at < 0 {
		return install.Wanted{}, install.Seen{}, fmt.Errorf("look at Mesh %s: provider %s is not known", mesh.Name, mesh.Spec.Provider)
	}
	t := target{mesh: mesh, provider: &l.providers[at], namespace: namespaceOf(mesh, &l.providers[at])}
	wanted, err := l.observer.wanted(ctx, t)
	if err != nil {
		return wanted, install.Seen{}, err
	}
	seen, err := l.observer.see(ctx, t, wanted)
	return wanted, seen, err
}

// reader answers from the API server as the installer's cache does: objects are
// trimmed, and pods can be found by whose proxy they carry.
type reader struct {
	client.Reader

	trimmer trimmer
}

// List reads a list of objects.
func (r reader) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	proxy, indexed := "", false
	if options.FieldSelector != nil {
		if proxy, indexed = options.FieldSelector.RequiresExactMatch(indexProxied); indexed {
			options.FieldSelector = nil
		}
	}
	if err := r.Reader.List(ctx, list, options); err != nil {
		return err
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		return fmt.Errorf("read a list: %w", err)
	}
	var kept []runtime.Object
	for _, item := range items {
		trimmed, err := r.trimmer.trim(item)
		if err != nil {
			return err
		}
		object, ok := trimmed.(runtime.Object)
		if pod, isPod := trimmed.(*corev1.Pod); !ok || indexed && (!isPod || proxyOf(pod, proxy) == nil) {
			continue
		}
		kept = append(kept, object)
	}
	if err := meta.SetList(list, kept); err != nil {
		return fmt.Errorf("trim a list: %w", err)
	}
	return nil
}
