package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/apis/v1alpha1"
)

// slowest is how long an edit may take to be seen.
const slowest = time.Minute

// editor edits splits as a user would, and measures until the native object
// is seen to have changed.
type editor struct {
	*session
	sight *sight
	bare  *bare
	// shares are those of the splits that were edited; others have 75.
	shares map[client.ObjectKey]int32
	random *rand.Rand
}

// newEditor returns an editor. The bare client's splits are made here, and what
// it has to write is learned from one edit of the first service.
func newEditor(ctx context.Context, s *session) (*editor, error) {
	e := &editor{session: s, shares: map[client.ObjectKey]int32{}, random: rand.New(rand.NewPCG(1, 2))}
	splits := func(i int) []client.Object {
		one := split(i, 75)
		one.Namespace = bareSpace
		return []client.Object{one}
	}
	if err := s.cluster.create(ctx, 0, 1, func(int) []client.Object { return []client.Object{namespace(bareSpace, nil)} }); err != nil {
		return nil, err
	}
	if err := s.cluster.create(ctx, 0, bareObjects, splits); err != nil {
		return nil, err
	}
	return e, e.watched(ctx, func() error { return e.learn(ctx) })
}

// watched calls f while the native objects are watched. No watch is open while
// the cluster grows: an API server ends those that cannot follow.
func (e *editor) watched(ctx context.Context, f func() error) error {
	var err error
	if e.sight, err = watchRouting(ctx, e.cluster.client); err != nil {
		return err
	}
	defer e.sight.events.Stop()
	return f()
}

// learn finds out what an edit writes, and has the bare client write it once.
func (e *editor) learn(ctx context.Context) error {
	if err := e.operator.idle(ctx); err != nil {
		return err
	}
	before := e.operator.writes.count()
	if _, err := e.operated(ctx, 0); err != nil {
		return err
	}
	if err := e.operator.idle(ctx); err != nil {
		return err
	}
	var err error
	if e.bare, err = newBare(ctx, e.cluster, e.operator.writes.since(before)); err != nil {
		return err
	}
	for i := range bareObjects {
		if _, err := e.barely(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// operated edits the split of a service, which the operator translates.
func (e *editor) operated(ctx context.Context, n int) (float64, error) {
	key := client.ObjectKey{Namespace: spaceOf(n), Name: nameOf(n)}
	native := client.ObjectKey{Namespace: key.Namespace, Name: "meshloom-" + key.Name}
	return e.edit(ctx, key, native, func(int32) error { return nil })
}

// barely edits a split that is in no mesh, and does the operator's work.
func (e *editor) barely(ctx context.Context, i int) (float64, error) {
	key := client.ObjectKey{Namespace: bareSpace, Name: nameOf(i)}
	return e.edit(ctx, key, key, func(share int32) error { return e.bare.write(ctx, i, share) })
}

// edit gives a split another share and returns the milliseconds until the
// native object is seen to have it.
func (e *editor) edit(ctx context.Context, key, native client.ObjectKey, then func(share int32) error) (float64, error) {
	share := e.shares[key]%98 + 1
	e.shares[key] = share
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"backendRefs": split(0, share).Spec.BackendRefs}})
	if err != nil {
		return 0, fmt.Errorf("encode patch: %w", err)
	}
	obj := &v1alpha1.TrafficSplit{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
	seen := e.sight.expect(native, share)
	begun := time.Now()
	if err := e.cluster.client.Patch(ctx, obj, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return 0, fmt.Errorf("patch split %s: %w", key, err)
	}
	if err := then(share); err != nil {
		return 0, err
	}
	select {
	case at := <-seen:
		return milliseconds(at.Sub(begun)), nil
	case <-e.sight.ended:
		return 0, errors.New("the API server ended the watch")
	case <-time.After(slowest):
		return 0, e.unseen(ctx, native, share)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// unseen says what became of an edit that was not seen.
func (e *editor) unseen(ctx context.Context, native client.ObjectKey, share int32) error {
	obj := &unstructured.Unstructured{}
	obj.SetGroupVersionKind(routing)
	if err := e.cluster.client.Get(ctx, native, obj); err != nil {
		return fmt.Errorf("wait for share %d in %s: not seen: %w", share, native, err)
	}
	found, err := shareOf(obj)
	return errors.Join(fmt.Errorf("wait for share %d in %s: not seen; it has %d", share, native, found), err)
}

// pair edits a service of the operator's and one of the bare client's, in turns
// the one and the other first, each when the machine has calmed down.
func (e *editor) pair(ctx context.Context, k int) (ours, theirs float64, err error) {
	operated := func() error {
		ours, err = e.operated(ctx, e.random.IntN(e.cluster.made))
		return err
	}
	barely := func() error {
		theirs, err = e.barely(ctx, k%bareObjects)
		return err
	}
	steps := []func() error{operated, barely}
	if k%2 == 1 {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return 0, 0, err
		}
		if err := e.operator.calm(ctx); err != nil {
			return 0, 0, err
		}
	}
	return ours, theirs, nil
}
