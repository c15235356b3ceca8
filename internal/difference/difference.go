// Package difference compares native objects as they are with native objects
// as they would be, and prints unified diffs.
package difference

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/meshloom/meshloom/internal/engine"
	"github.com/meshloom/meshloom/internal/render"
	"github.com/meshloom/meshloom/translators"
)

// Print prints a unified diff of every object that differs, sorted, and
// returns whether any does. Values of Secrets never occur: none is rendered.
func Print(w io.Writer, have, want []render.Doc) (bool, error) {
	before, after := index(have), index(want)
	ids := slices.Sorted(maps.Keys(before))
	for id := range after {
		if _, ok := before[id]; !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	changed := false
	for _, id := range ids {
		text, err := unified(id, before[id], after[id])
		if err != nil {
			return changed, err
		}
		if text == "" {
			continue
		}
		changed = true
		if _, err := io.WriteString(w, text); err != nil {
			return changed, fmt.Errorf("write output: %w", err)
		}
	}
	return changed, nil
}

func index(docs []render.Doc) map[string]*unstructured.Unstructured {
	out := map[string]*unstructured.Unstructured{}
	for _, doc := range docs {
		u := doc.Object
		out[strings.TrimPrefix(u.GetNamespace()+"/", "/")+strings.ToLower(u.GroupVersionKind().GroupKind().String())+"/"+u.GetName()] = u
	}
	return out
}

func unified(id string, before, after *unstructured.Unstructured) (string, error) {
	a, err := text(before)
	if err != nil {
		return "", err
	}
	b, err := text(after)
	if err != nil || a == b {
		return "", err
	}
	diff := difflib.UnifiedDiff{A: difflib.SplitLines(a), B: difflib.SplitLines(b), FromFile: "a/" + id, ToFile: "b/" + id, Context: 3}
	if before == nil {
		diff.A, diff.FromFile = nil, "/dev/null"
	}
	if after == nil {
		diff.B, diff.ToFile = nil, "/dev/null"
	}
	out, err := difflib.GetUnifiedDiffString(diff)
	if err != nil {
		return "", fmt.Errorf("compare %s: %w", id, err)
	}
	return out, nil
}

func text(u *unstructured.Unstructured) (string, error) {
	if u == nil {
		return "", nil
	}
	// Which generation an object came from changes with every edit and says
	// nothing about traffic.
	u = u.DeepCopy()
	unstructured.RemoveNestedField(u.Object, "metadata", "annotations", engine.AnnotationSources)
	data, err := yaml.Marshal(u.Object)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", u.GetName(), err)
	}
	return string(bytes.TrimRight(data, "\n")) + "\n", nil
}

// Cluster is where native objects are read.
type Cluster struct {
	Client client.Client
	// Providers say which kinds there are.
	Providers []translators.Provider
}

// Live reads what the cluster has of the wanted objects, and everything else
// with our mark that the same units made. Of a live object only the fields
// that are wanted or ours to decide are kept, so that what a server fills in is
// no difference.
func (c Cluster) Live(ctx context.Context, outputs []engine.Output, want []render.Doc) ([]render.Doc, error) {
	wanted := index(want)
	var have []render.Doc
	for _, doc := range want {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(doc.Object.GroupVersionKind())
		switch err := c.Client.Get(ctx, client.ObjectKeyFromObject(doc.Object), live); {
		case meta.IsNoMatchError(err) || client.IgnoreNotFound(err) == nil && err != nil:
		case err != nil:
			return nil, fmt.Errorf("read %s %s: %w", doc.Object.GetKind(), doc.Object.GetName(), err)
		default:
			have = append(have, render.Doc{Object: trim(live, doc), Partial: doc.Partial})
		}
	}
	units := map[string]bool{}
	for _, out := range outputs {
		units[out.Key.Hash()] = true
	}
	for _, gvk := range translators.Kinds(c.Providers) {
		items := &unstructured.UnstructuredList{}
		items.SetGroupVersionKind(gvk)
		if err := c.Client.List(ctx, items, client.MatchingLabels{engine.LabelManagedBy: engine.ManagedBy}); meta.IsNoMatchError(err) {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("list %s: %w", gvk.Kind, err)
		}
		for i := range items.Items {
			doc := render.Doc{Object: trim(&items.Items[i], render.Doc{})}
			if _, ok := wanted[slices.Collect(maps.Keys(index([]render.Doc{doc})))[0]]; !ok && units[items.Items[i].GetLabels()[engine.LabelUnit]] {
				have = append(have, doc)
			}
		}
	}
	return have, nil
}

// trim reduces a live object to what is compared: of an object of ours spec,
// labels and annotations; of one of somebody else the wanted fields.
func trim(live *unstructured.Unstructured, doc render.Doc) *unstructured.Unstructured {
	if doc.Partial {
		out := &unstructured.Unstructured{Object: common(live.Object, doc.Object.Object)}
		return out
	}
	out := live.DeepCopy()
	unstructured.RemoveNestedField(out.Object, "status")
	metadata := map[string]any{"name": live.GetName()}
	if live.GetNamespace() != "" {
		metadata["namespace"] = live.GetNamespace()
	}
	for _, field := range []string{"labels", "annotations"} {
		if value, ok, _ := unstructured.NestedMap(live.Object, "metadata", field); ok {
			metadata[field] = value
		}
	}
	out.Object["metadata"] = metadata
	return out
}

// common returns the fields of a that b has too.
func common(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for key, wanted := range b {
		value, ok := a[key]
		if !ok {
			continue
		}
		left, isMap := value.(map[string]any)
		right, wantsMap := wanted.(map[string]any)
		if isMap && wantsMap {
			value = common(left, right)
		}
		out[key] = value
	}
	return out
}
