package apply

import (
	"sync"
	"time"

	"github.com/meshloom/meshloom/translators/ir"
)

// Verdict says whether a unit may remove objects.
type Verdict string

// The verdicts.
const (
	// Wait: units that were touched by the same event are not computed yet.
	Wait Verdict = "Wait"
	// Allow removal.
	Allow Verdict = "Allow"
	// Hold: so much would go at once that somebody must agree first.
	Hold Verdict = "Hold"
)

const (
	// massFloor is the number of objects below which no removal is a mass.
	massFloor = 10
	// massWindow is how long removals count as one, unless every unit has
	// removed what it wanted to before.
	massWindow = time.Minute
)

// Guard holds back removals that would take more than half of a mesh's objects
// at once, as an edit of a selector, a deleted Mesh or a lost CRD does. Events
// that touch many units are assessed as a whole before any of them removes.
// It is safe for concurrent use.
type Guard struct {
	// Live counts the objects of a mesh in the cluster.
	Live func(mesh string) int
	// Confirmed is the number of objects of the mesh that somebody agreed to
	// lose; zero is none.
	Confirmed func(mesh string) int
	// Stopped says that nothing is removed at all, whatever was agreed: a CRD
	// of ours is missing or going away.
	Stopped func() bool
	Now     func() time.Time

	mu     sync.Mutex
	meshes map[string]*assessment
}

// assessment is what is known about removals of one mesh.
type assessment struct {
	expected map[ir.Key]bool
	doomed   map[ir.Key]int
	since    time.Time
	before   int
	removed  int
	holding  bool
}

// Expect announces units that one event touches.
func (g *Guard) Expect(keys []ir.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, key := range keys {
		if key.Mesh != "" {
			g.mesh(key.Mesh).expected[key] = true
		}
	}
}

// Computed takes note of how many objects a unit wants to remove. It returns
// the verdict, and the units whose verdict changed by it.
func (g *Guard) Computed(key ir.Key, doomed int) (Verdict, []ir.Key) {
	if g.Stopped() {
		return Hold, nil
	}
	if key.Mesh == "" {
		return Allow, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.mesh(key.Mesh)
	last := len(m.expected) == 1 && m.expected[key]
	delete(m.expected, key)
	if doomed == 0 {
		delete(m.doomed, key)
	} else {
		m.doomed[key] = doomed
	}
	verdict := g.verdict(key.Mesh, m)
	if !last {
		return verdict, nil
	}
	return verdict, m.waiting(key)
}

// Removed takes note of objects that were removed.
func (g *Guard) Removed(key ir.Key, count int) {
	if key.Mesh == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.mesh(key.Mesh)
	m.removed += count
	if m.doomed[key] -= count; m.doomed[key] <= 0 {
		delete(m.doomed, key)
	}
	if len(m.doomed) == 0 && len(m.expected) == 0 {
		// It was no mass, and is no part of the next one: objects may come and
		// go one after another as often as they like.
		m.since = time.Time{}
	}
}

// Holding returns how many objects of a mesh wait for confirmation, and of how
// many.
func (g *Guard) Holding(mesh string) (held, of int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m, ok := g.meshes[mesh]
	if !ok || !m.holding {
		return 0, 0
	}
	return m.pending(), m.before
}

// Waiting returns the units of a mesh that want to remove something, for when
// somebody agreed.
func (g *Guard) Waiting(mesh string) []ir.Key {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m, ok := g.meshes[mesh]; ok {
		return m.waiting(ir.Key{})
	}
	return nil
}

func (g *Guard) verdict(mesh string, m *assessment) Verdict {
	m.holding = false
	if len(m.expected) > 0 {
		return Wait
	}
	if now := g.Now(); now.Sub(m.since) > massWindow {
		m.since, m.before, m.removed = now, g.Live(mesh), 0
	}
	loss := m.pending() + m.removed
	if loss < massFloor || 2*loss <= m.before || loss <= g.Confirmed(mesh) {
		return Allow
	}
	m.holding = m.pending() > 0
	return Hold
}

func (g *Guard) mesh(name string) *assessment {
	if g.meshes == nil {
		g.meshes = map[string]*assessment{}
	}
	m, ok := g.meshes[name]
	if !ok {
		m = &assessment{expected: map[ir.Key]bool{}, doomed: map[ir.Key]int{}}
		g.meshes[name] = m
	}
	return m
}

func (m *assessment) pending() int {
	sum := 0
	for _, n := range m.doomed {
		sum += n
	}
	return sum
}

func (m *assessment) waiting(but ir.Key) []ir.Key {
	var keys []ir.Key
	for key := range m.doomed {
		if key != but {
			keys = append(keys, key)
		}
	}
	return keys
}
