package installer

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// patience is how long a watch may be behind a write of ours before we go on
// without it: the object may be gone again.
const patience = 30 * time.Second

// write is one of ours that watches may not have told of yet.
type write struct {
	kind    schema.GroupVersionKind
	key     client.ObjectKey
	version string
	at      time.Time
}

// writes remembers, for each mesh, what was written for it: nothing is decided
// by what was there before. It is safe for concurrent use.
type writes struct {
	// get returns the resource version that watches know of an object; empty
	// where they know none.
	get func(context.Context, schema.GroupVersionKind, client.ObjectKey) string

	mu sync.Mutex
	of map[string][]write
}

// add takes note of an answer of the API server.
func (w *writes) add(mesh string, kind schema.GroupVersionKind, answer client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = map[string][]write{}
	}
	w.of[mesh] = append(w.of[mesh], write{
		kind: kind, key: client.ObjectKeyFromObject(answer), version: answer.GetResourceVersion(), at: time.Now(),
	})
}

// seen says whether watches have told of all that was written for a mesh.
func (w *writes) seen(ctx context.Context, mesh string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := slices.DeleteFunc(w.of[mesh], func(one write) bool {
		known := w.get(ctx, one.kind, one.key)
		if known == "" {
			return time.Since(one.at) > patience
		}
		order, err := resourceversion.CompareResourceVersion(known, one.version)
		return err != nil || order >= 0 || time.Since(one.at) > patience
	})
	if len(left) > 0 {
		w.of[mesh] = left
		return false
	}
	delete(w.of, mesh)
	return true
}
