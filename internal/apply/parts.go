package apply

import (
	"reflect"
	"sync"

	"github.com/meshloom/meshloom/internal/index"
	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// Parts holds what each unit contributes to shared objects. Its zero value is
// empty and it is safe for concurrent use.
type Parts struct {
	mu      sync.Mutex
	units   map[ir.Key][]translators.Contribution
	objects index.Index[translators.ObjectRef, ir.Key]
	// unknown are frozen units whose contributions were made before this
	// process began, kept the objects that were planned while there were any.
	unknown map[ir.Key]bool
	kept    map[translators.ObjectRef]bool
}

// Set replaces what a unit contributes. It returns the objects that have to be
// planned again.
func (p *Parts) Set(key ir.Key, parts []translators.Contribution) []translators.ObjectRef {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prepare()
	touched := map[translators.ObjectRef]bool{}
	if !reflect.DeepEqual(p.units[key], parts) {
		for _, part := range p.units[key] {
			touched[part.Object] = true
			p.objects.Remove(part.Object, key)
		}
		for _, part := range parts {
			touched[part.Object] = true
			p.objects.Add(part.Object, key)
		}
	}
	if p.units[key] = parts; len(parts) == 0 {
		delete(p.units, key)
	}
	if delete(p.unknown, key); len(p.unknown) == 0 {
		for ref := range p.kept {
			touched[ref] = true
		}
		clear(p.kept)
	}
	refs := make([]translators.ObjectRef, 0, len(touched))
	for ref := range touched {
		refs = append(refs, ref)
	}
	return refs
}

// Freeze keeps what a unit contributed, whether or not it is known.
func (p *Parts) Freeze(key ir.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prepare()
	if _, known := p.units[key]; !known {
		p.unknown[key] = true
	}
}

// Of returns all contributions to an object, and whether fields that nobody
// asks for have to stay.
func (p *Parts) Of(ref translators.ObjectRef) (parts []translators.Contribution, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.prepare()
	for key := range p.objects.All(ref) {
		for _, part := range p.units[key] {
			if part.Object == ref {
				parts = append(parts, part)
			}
		}
	}
	if len(p.unknown) > 0 {
		p.kept[ref] = true
	}
	return parts, len(p.unknown) > 0
}

func (p *Parts) prepare() {
	if p.units != nil {
		return
	}
	p.units, p.objects = map[ir.Key][]translators.Contribution{}, index.Index[translators.ObjectRef, ir.Key]{}
	p.unknown, p.kept = map[ir.Key]bool{}, map[translators.ObjectRef]bool{}
}
