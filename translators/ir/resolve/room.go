package resolve

import "maps"

// minShed is the number of removed objects whose room is no matter.
const minShed = 1024

// shed takes note of a removed object, and makes all maps anew once most
// objects are gone: a map never gives back the room of the most that it ever
// held.
func (s *Store) shed() {
	s.removed++
	if s.removed < minShed || s.removed < 3*len(s.objects) {
		return
	}
	s.removed = 0
	s.objects, s.sets, s.nodes = fit(s.objects), fit(s.sets), fit(s.nodes)
	s.units, s.stale = fit(s.units), fit(s.stale)
	w := &s.pods
	w.records, w.users, w.recordOf, w.ownerOf = fit(w.records), fit(w.users), fit(w.recordOf), fit(w.ownerOf)
	w.byLabel, w.services, w.anchors = fit(w.byLabel), fit(w.services), fit(w.anchors)
	s.graph.Lock()
	defer s.graph.Unlock()
	s.readers, s.checks = fit(s.readers), fit(s.checks)
}

// fit returns a copy of a map that has room for what it holds and no more.
func fit[K comparable, V any](m map[K]V) map[K]V {
	out := make(map[K]V, len(m))
	maps.Copy(out, m)
	return out
}
