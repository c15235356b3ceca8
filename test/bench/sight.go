package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// routing is the native kind that a split's weights end in.
var routing = schema.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"}

// sight watches the native objects and says when a change is seen: what a mesh
// would see.
type sight struct {
	events watch.Interface
	// ended is closed when nothing is seen any more.
	ended  chan struct{}
	mu     sync.Mutex
	wanted map[client.ObjectKey]expectation
}

// expectation is a share that an object is to get.
type expectation struct {
	share int64
	seen  chan time.Time
}

// watchRouting starts to watch. The caller stops it.
func watchRouting(ctx context.Context, c client.WithWatch) (*sight, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(routing)
	events, err := c.Watch(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", routing.Kind, err)
	}
	s := &sight{events: events, ended: make(chan struct{}), wanted: map[client.ObjectKey]expectation{}}
	go s.look()
	return s, nil
}

func (s *sight) look() {
	defer close(s.ended)
	for event := range s.events.ResultChan() {
		if obj, ok := event.Object.(*unstructured.Unstructured); ok {
			s.see(obj, time.Now())
		}
	}
}

func (s *sight) see(obj *unstructured.Unstructured, at time.Time) {
	key := client.ObjectKeyFromObject(obj)
	s.mu.Lock()
	defer s.mu.Unlock()
	want, ok := s.wanted[key]
	if !ok {
		return
	}
	if share, err := shareOf(obj); err == nil && share == want.share {
		delete(s.wanted, key)
		want.seen <- at
	}
}

// expect returns where the time will be told at which the object was seen with
// its share.
func (s *sight) expect(key client.ObjectKey, share int32) <-chan time.Time {
	seen := make(chan time.Time, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted[key] = expectation{share: int64(share), seen: seen}
	return seen
}

// shareOf reads the share of the first version out of a native object.
func shareOf(obj *unstructured.Unstructured) (int64, error) {
	destinations, err := destinationsOf(obj)
	if err != nil {
		return 0, err
	}
	share, _, err := unstructured.NestedInt64(destinations[0], "weight")
	return share, err
}

// setShare writes the share of the first version into a native object.
func setShare(obj *unstructured.Unstructured, share int32) error {
	destinations, err := destinationsOf(obj)
	if err != nil {
		return err
	}
	destinations[0]["weight"], destinations[1]["weight"] = int64(share), int64(100-share)
	return nil
}

// destinationsOf returns the two destinations of the first route.
func destinationsOf(obj *unstructured.Unstructured) ([]map[string]any, error) {
	routes, _, err := unstructured.NestedFieldNoCopy(obj.Object, "spec", "http")
	if err != nil {
		return nil, err
	}
	list, _ := routes.([]any)
	var out []map[string]any
	if len(list) > 0 {
		route, _ := list[0].(map[string]any)
		destinations, _ := route["route"].([]any)
		for _, destination := range destinations {
			if fields, ok := destination.(map[string]any); ok {
				out = append(out, fields)
			}
		}
	}
	if len(out) != len(versions) {
		return nil, errors.New("read routes: not one route with two destinations")
	}
	return out, nil
}
