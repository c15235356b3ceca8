package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
)

// Catalog is what the providers say about native kinds in general.
type Catalog struct {
	providers []translators.Provider
	kinds     []schema.GroupVersionKind
}

// NewCatalog returns the catalog of the providers.
func NewCatalog(providers []translators.Provider) Catalog {
	c := Catalog{providers: providers}
	for _, p := range providers {
		for _, kind := range p.Kinds {
			if !slices.Contains(c.kinds, kind) {
				c.kinds = append(c.kinds, kind)
			}
		}
	}
	return c
}

// Kinds are all native kinds, in the order in which they are applied.
func (c Catalog) Kinds() []schema.GroupVersionKind { return c.kinds }

// rank orders kinds: what has a higher rank is applied later and removed
// earlier. Kinds that no provider names come last of all.
func (c Catalog) rank(kind schema.GroupVersionKind) int {
	if i := slices.Index(c.kinds, kind); i >= 0 {
		return i
	}
	return len(c.kinds)
}

// Rivals returns the keys of what an object speaks for, in the eyes of every
// provider that emits its kind.
func (c Catalog) Rivals(obj *unstructured.Unstructured) []string {
	var keys []string
	for _, p := range c.providers {
		if p.Rivals != nil && slices.Contains(p.Kinds, obj.GroupVersionKind()) {
			keys = append(keys, p.Rivals(obj)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// expand returns what to write while routes move over, or nil where the wanted
// form can be written at once.
func (c Catalog) expand(live, want map[string]any) map[string]any {
	object := &unstructured.Unstructured{Object: want}
	for _, p := range c.providers {
		if p.Expand == nil || !slices.Contains(p.Kinds, object.GroupVersionKind()) {
			continue
		}
		if out := p.Expand(&unstructured.Unstructured{Object: live}, object.DeepCopy()); out != nil {
			return out.Object
		}
	}
	return nil
}
