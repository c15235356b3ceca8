package resolve

import (
	"reflect"

	"github.com/meshloom/meshloom/translators/ir"
)

// node is a computation whose reads are known. It is either a unit, the check
// of an object, or a derivation that is kept up to date.
type node struct {
	// unit is set for units, subject for the other two.
	unit    *ir.Key
	subject ir.Ref
	derived bool
	queued  bool
	// claims counts, of a unit, the derivations by which it exists.
	claims int
	reads  []*readers
	output output
}

// readers are the computations that read a topic.
type readers struct {
	topic topic
	nodes set[*node]
}

// output is what a derivation gives.
type output struct {
	// value is read as topic{ofValue, subject}.
	value any
	// entries put references into indexes.
	entries []entry
	// keys are the units that exist because of the subject.
	keys []ir.Key
}

// add adds units, each once.
func (o *output) add(keys []ir.Key) {
	for _, key := range keys {
		if !contains(o.keys, key) {
			o.keys = append(o.keys, key)
		}
	}
}

// subscribe makes reads the topics that the node waits for.
func (s *Store) subscribe(n *node, reads map[topic]struct{}) {
	s.graph.Lock()
	defer s.graph.Unlock()
	kept := 0
	for _, r := range n.reads {
		if _, ok := reads[r.topic]; ok {
			kept++
		} else {
			s.unsubscribe(r, n)
		}
	}
	if kept == len(reads) && kept == len(n.reads) {
		return
	}
	n.reads = make([]*readers, 0, len(reads))
	for t := range reads {
		r := s.readers[t]
		if r == nil {
			r = &readers{topic: t}
			s.readers[t] = r
		}
		r.nodes.add(n)
		n.reads = append(n.reads, r)
	}
}

// forget ends all subscriptions of the node.
func (s *Store) forget(n *node) {
	s.graph.Lock()
	defer s.graph.Unlock()
	for _, r := range n.reads {
		s.unsubscribe(r, n)
	}
	n.reads = nil
}

func (s *Store) unsubscribe(r *readers, n *node) {
	r.nodes.remove(n)
	if r.nodes.len() == 0 {
		delete(s.readers, r.topic)
	}
}

// change is one event on its way through the graph.
type change struct {
	store *Store
	queue []*node
	keys  map[ir.Key]struct{}
}

// fire makes everything due that read the topic.
func (c *change) fire(t topic) {
	r := c.store.readers[t]
	if r == nil {
		return
	}
	for n := range r.nodes.all() {
		switch {
		case n.derived:
			c.enqueue(n)
		case n.unit != nil:
			c.keys[*n.unit] = struct{}{}
		default:
			c.store.stale[n.subject] = struct{}{}
		}
	}
}

func (c *change) enqueue(n *node) {
	if !n.queued {
		n.queued = true
		c.queue = append(c.queue, n)
	}
}

// settle brings all derivations up to date.
func (c *change) settle() {
	for len(c.queue) > 0 {
		n := c.queue[0]
		c.queue = c.queue[1:]
		n.queued = false
		if c.store.nodes[n.subject] != n {
			continue
		}
		v := c.store.view()
		out := v.derive(n.subject)
		c.store.subscribe(n, v.reads)
		c.publish(n, out)
	}
}

// publish replaces what the node gave before and fires what differs.
func (c *change) publish(n *node, out output) {
	old := n.output
	n.output = out
	c.reindex(old.entries, out.entries)
	c.recount(old.keys, out.keys)
	if !reflect.DeepEqual(old.value, out.value) {
		c.fire(topic{ofValue, n.subject})
	}
}

// reindex moves members of indexes from the old entries to the new ones.
func (c *change) reindex(old, entries []entry) {
	for _, e := range old {
		if !contains(entries, e) {
			c.leave(e)
		}
	}
	for _, e := range entries {
		c.join(e)
	}
}

func (c *change) join(e entry) {
	members := c.store.sets[e.topic]
	if members == nil {
		members = &set[ir.Ref]{}
		c.store.sets[e.topic] = members
	}
	if members.add(e.member) {
		c.fire(e.topic)
	}
}

func (c *change) leave(e entry) {
	members := c.store.sets[e.topic]
	if members == nil || !members.remove(e.member) {
		return
	}
	if members.len() == 0 {
		delete(c.store.sets, e.topic)
	}
	c.fire(e.topic)
}

// recount moves the claims to existence of units.
func (c *change) recount(old, keys []ir.Key) {
	for _, k := range keys {
		if !contains(old, k) {
			c.claim(k)
		}
	}
	for _, k := range old {
		if !contains(keys, k) {
			c.disclaim(k)
		}
	}
}

func (c *change) claim(key ir.Key) {
	n := c.store.units[key]
	if n == nil {
		n = &node{unit: &key}
		c.store.units[key] = n
		c.keys[key] = struct{}{}
	}
	n.claims++
}

func (c *change) disclaim(key ir.Key) {
	n := c.store.units[key]
	if n.claims--; n.claims > 0 {
		return
	}
	delete(c.store.units, key)
	c.store.forget(n)
	c.keys[key] = struct{}{}
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}
