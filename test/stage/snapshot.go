package stage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// Snapshot is all that a cluster holds, by "Kind.group namespace/name": a
// digest of what somebody wrote. Status and what the server fills in is left
// out, and so is what comes and goes by itself.
type Snapshot map[string]string

// passing are kinds whose objects come and go by themselves, or follow others.
var passing = []string{"Event", "Lease", "Endpoints", "EndpointSlice", "Pod", "ReplicaSet", "ControllerRevision", "ComponentStatus", "CSINode", "Node", "IPAddress", "APIService"}

// TakeSnapshot reads all objects of all kinds.
func (s *Stage) TakeSnapshot(ctx context.Context) (Snapshot, error) {
	kinds, err := discovery.NewDiscoveryClientForConfig(s.Config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	objects, err := dynamic.NewForConfig(s.Config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	lists, err := kinds.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("list kinds: %w", err)
	}
	all := Snapshot{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("list kinds: %w", err)
		}
		for _, kind := range list.APIResources {
			if slices.Contains(passing, kind.Kind) || !slices.Contains(kind.Verbs, "list") {
				continue
			}
			found, err := objects.Resource(version.WithResource(kind.Name)).List(ctx, metav1.ListOptions{})
			if apierrors.IsNotFound(err) {
				continue // Its definition went a moment ago.
			}
			if err != nil {
				return nil, fmt.Errorf("list %s: %w", kind.Name, err)
			}
			if err := all.add(version.Group, found.Items); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (all Snapshot) add(group string, objects []unstructured.Unstructured) error {
	for i := range objects {
		o := &objects[i]
		text, err := json.Marshal(Plain(o).Object)
		if err != nil {
			return fmt.Errorf("digest %s %s: %w", o.GetKind(), o.GetName(), err)
		}
		key := fmt.Sprintf("%s.%s %s/%s", o.GetKind(), group, o.GetNamespace(), o.GetName())
		all[key] = fmt.Sprintf("%x", sha256.Sum256(text))[:12]
	}
	return nil
}
