package traffic

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// progress is what a Controller remembers of units between runs: which have
// run since start, and when each last changed something. Its zero value is
// that of a process in which nothing has begun.
type progress struct {
	mu sync.Mutex
	// begun is when this process took over: what was changed shortly before is
	// not known.
	begun time.Time
	// first are the units that have not run yet; held are shared objects, which
	// wait for them and are the first units after them. Open says that they
	// need not wait any more.
	first  map[ir.Key]bool
	held   map[ir.Key]bool
	open   bool
	primed chan struct{}
	last   map[ir.Key]time.Time
}

// begin says which units have to run before anything is taken for gone, and
// returns those that waited for it. The channel is closed when they, and the
// shared objects that they have parts in, have run.
func (p *progress) begin(keys []ir.Key) (primed <-chan struct{}, held []ir.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun, p.primed, p.last = time.Now(), make(chan struct{}), map[ir.Key]time.Time{}
	p.first = map[ir.Key]bool{}
	for _, key := range keys {
		p.first[key] = true
	}
	return p.primed, p.advance()
}

// ran takes note of a run. It returns the units that waited for it.
func (p *progress) ran(key ir.Key) (held []ir.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.first[key] {
		return nil
	}
	delete(p.first, key)
	return p.advance()
}

// advance goes on to shared objects when all other units have run, and to the
// end when these have.
func (p *progress) advance() []ir.Key {
	if len(p.first) > 0 {
		return nil
	}
	if p.open || len(p.held) == 0 {
		p.open = true
		close(p.primed)
		return nil
	}
	p.open, p.first = true, p.held
	p.held = nil
	return slices.Collect(maps.Keys(p.first))
}

// admit returns the keys if every unit has run, and holds them back otherwise.
func (p *progress) admit(keys []ir.Key) []ir.Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		return keys
	}
	if p.held == nil {
		p.held = map[ir.Key]bool{}
	}
	for _, key := range keys {
		p.held[key] = true
	}
	return nil
}

// changed takes note that a unit changed something just now.
func (p *progress) changed(key ir.Key, settle time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.last == nil {
		p.last = map[ir.Key]time.Time{}
	}
	p.last[key] = now
	if len(p.last) > 1024 {
		for k, at := range p.last {
			if now.Sub(at) > settle {
				delete(p.last, k)
			}
		}
	}
}

// settled says whether the last change of a unit was long enough ago.
func (p *progress) settled(key ir.Key, settle time.Duration) bool {
	return p.elapsed(key) >= settle
}

// remaining is how long a unit has yet to settle, and at least a moment.
func (p *progress) remaining(key ir.Key, settle time.Duration) time.Duration {
	return max(settle-p.elapsed(key), time.Millisecond)
}

func (p *progress) elapsed(key ir.Key) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.last[key]; ok {
		return time.Since(at)
	}
	return time.Since(p.begun)
}
