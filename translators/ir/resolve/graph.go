package resolve

import (
	"reflect"

	"github.com/meshloom/meshloom/translators/ir"
)

// node is a computation whose reads are known. It is either a unit, the check
// of an object, or a derivation that is kept up to date.
type node struct {
	// unit is set for units, subject for the other two.
	unit    ir.Key
	subject ir.Ref
	derived bool
	queued  bool
	reads   []topic
	output  output
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

// subscribe makes reads the topics that the node waits for.
func (s *Store) subscribe(n *node, reads map[topic]struct{}) {
	s.graph.Lock()
	defer s.graph.Unlock()
	old := n.reads
	fresh := len(reads)
	for _, t := range old {
		if _, ok := reads[t]; ok {
			fresh--
			continue
		}
		s.unsubscribe(t, n)
	}
	if fresh == 0 && len(old) == len(reads) {
		return
	}
	n.reads = make([]topic, 0, len(reads))
	for t := range reads {
		n.reads = append(n.reads, t)
		readers := s.readers[t]
		if readers == nil {
			readers = &set[*node]{}
			s.readers[t] = readers
		}
		readers.add(n)
	}
}

// forget ends all subscriptions of the node.
func (s *Store) forget(n *node) {
	s.graph.Lock()
	defer s.graph.Unlock()
	for _, t := range n.reads {
		s.unsubscribe(t, n)
	}
	n.reads = nil
}

func (s *Store) unsubscribe(t topic, n *node) {
	readers := s.readers[t]
	if readers == nil {
		return
	}
	readers.remove(n)
	if readers.len() == 0 {
		delete(s.readers, t)
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
	for n := range c.store.readers[t].all() {
		switch {
		case n.derived:
			c.enqueue(n)
		case n.unit.Kind != "":
			c.keys[n.unit] = struct{}{}
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
		if contains(old, k) {
			continue
		}
		c.store.keys[k]++
		if c.store.keys[k] == 1 {
			c.keys[k] = struct{}{}
		}
	}
	for _, k := range old {
		if contains(keys, k) {
			continue
		}
		c.store.keys[k]--
		if c.store.keys[k] == 0 {
			delete(c.store.keys, k)
			c.keys[k] = struct{}{}
		}
	}
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}
