package apply

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
)

// Catalog is what the providers say about native kinds in general. Its zero
// value knows no kind.
type Catalog struct {
	providers []translators.Provider
	kinds     []schema.GroupVersionKind
	watched   []schema.GroupVersionKind
}

// NewCatalog returns the catalog of the providers.
func NewCatalog(providers []translators.Provider) Catalog {
	c := Catalog{providers: providers, kinds: translators.Kinds(providers)}
	c.watched = slices.Clone(c.kinds)
	for i := range providers {
		for _, kind := range providers[i].Foreign {
			if !slices.Contains(c.watched, kind) {
				c.watched = append(c.watched, kind)
			}
		}
	}
	return c
}

// Kinds are all native kinds that are written, in the order in which they are
// applied.
func (c Catalog) Kinds() []schema.GroupVersionKind { return c.kinds }

// Watched are those and the ones that are looked at for rivals only.
func (c Catalog) Watched() []schema.GroupVersionKind { return c.watched }

// rank orders kinds: what has a higher rank is applied later and removed
// earlier. Kinds that no provider names come last of all.
func (c Catalog) rank(kind schema.GroupVersionKind) int {
	if i := slices.Index(c.kinds, kind); i >= 0 {
		return i
	}
	return len(c.kinds)
}

// concerned yields the providers whose objects are of the kind: all of them, or
// the one of the name.
func (c Catalog) concerned(kind schema.GroupVersionKind, name string) func(func(*translators.Provider) bool) {
	return func(yield func(*translators.Provider) bool) {
		for i := range c.providers {
			p := &c.providers[i]
			if (name == "" || p.Name == name) && slices.Contains(p.Kinds, kind) && !yield(p) {
				return
			}
		}
	}
}

// rivals returns the keys of what an object of the cluster speaks for, in the
// eyes of every provider that knows its kind. Keys of two providers are never
// equal.
func (c Catalog) rivals(obj *unstructured.Unstructured) []string {
	var keys []string
	for i := range c.providers {
		p := &c.providers[i]
		if slices.Contains(p.Kinds, obj.GroupVersionKind()) || slices.Contains(p.Foreign, obj.GroupVersionKind()) {
			keys = append(keys, rivalsFor(p, obj)...)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// claims returns the keys of what a wanted object of a provider speaks for; of
// any provider with the kind where it is not named.
func (c Catalog) claims(obj *unstructured.Unstructured, provider string) []string {
	var keys []string
	for p := range c.concerned(obj.GroupVersionKind(), provider) {
		keys = append(keys, rivalsFor(p, obj)...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func rivalsFor(p *translators.Provider, obj *unstructured.Unstructured) []string {
	if p.Rivals == nil {
		return nil
	}
	var keys []string
	for _, key := range p.Rivals(obj) {
		keys = append(keys, p.Name+" "+key)
	}
	return keys
}

// expand returns what to write while routes move over, or nil where the wanted
// form can be written at once.
func (c Catalog) expand(live, want map[string]any, provider string) map[string]any {
	object := &unstructured.Unstructured{Object: want}
	for p := range c.concerned(object.GroupVersionKind(), provider) {
		if p.Expand == nil {
			continue
		}
		if out := p.Expand(&unstructured.Unstructured{Object: live}, object.DeepCopy()); out != nil {
			return out.Object
		}
	}
	return nil
}

// opinion is what one provider reads off an object's status.
type opinion struct {
	provider string
	verdict  translators.Verdict
}

// opinions are those of all providers that the mesh or ingress has one by.
func (c Catalog) opinions(obj *unstructured.Unstructured) []opinion {
	var out []opinion
	for p := range c.concerned(obj.GroupVersionKind(), "") {
		if p.Verdict == nil {
			continue
		}
		if v := p.Verdict(obj); v.State != translators.VerdictNone {
			out = append(out, opinion{p.Name, v})
		}
	}
	return out
}
