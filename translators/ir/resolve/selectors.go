package resolve

import (
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/ir"
)

// pair is a label in a namespace.
type pair struct{ namespace, key, value string }

// selection links a Service with the workloads that it selects, and unlinks it
// from those that it no longer does.
func (c *change) selection(ref ir.Ref, old, obj client.Object) {
	before, after := selectorOf(old), selectorOf(obj)
	if equalLabels(before, after) {
		return
	}
	w := &c.store.pods
	if anchor, ok := w.anchors[ref]; ok {
		removeFrom(w.services, anchor, ref)
		delete(w.anchors, ref)
	}
	if len(after) > 0 {
		anchor := w.anchor(ref.Namespace, after)
		w.anchors[ref] = anchor
		addTo(w.services, anchor, ref)
	}
	selected := map[ir.Ref]bool{}
	for _, r := range c.store.workloadsSelectedBy(ref.Namespace, after) {
		selected[r] = true
	}
	for _, r := range sortedRefs(c.store.sets[topic{workloadsOf, ref}]) {
		if !selected[r] {
			c.unlink(ref, r)
		}
	}
	for r := range selected {
		c.link(ref, r)
	}
}

// selectorOf is the selector of a Service that selects pods, else nil.
func selectorOf(obj client.Object) map[string]string {
	svc, ok := obj.(*corev1.Service)
	if !ok || svc.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	return svc.Spec.Selector
}

// anchor picks the pair of a selector under which a Service is found: the one
// that fewest other Services are found under.
func (w *workloads) anchor(namespace string, selector map[string]string) pair {
	var best pair
	fewest := -1
	for key, value := range selector {
		p := pair{namespace, key, value}
		n := w.services[p].len()
		if fewest < 0 || n < fewest || n == fewest && key < best.key {
			best, fewest = p, n
		}
	}
	return best
}

// servicesSelecting returns the Services that select the workload.
func (s *Store) servicesSelecting(r *record) []ir.Ref {
	var found []ir.Ref
	for key, value := range r.labels {
		for svc := range s.pods.services[pair{r.ref.Namespace, key, value}].all() {
			if subset(selectorOf(s.objects[svc]), r.labels) {
				found = append(found, svc)
			}
		}
	}
	return found
}

// workloadsSelectedBy returns the workloads that a selector selects. It looks
// only at those that carry the rarest of its labels.
func (s *Store) workloadsSelectedBy(namespace string, selector map[string]string) []ir.Ref {
	if len(selector) == 0 {
		return nil
	}
	var candidates *set[ir.Ref]
	first := true
	for key, value := range selector {
		found := s.pods.byLabel[pair{namespace, key, value}]
		if first || found.len() < candidates.len() {
			candidates, first = found, false
		}
	}
	var selected []ir.Ref
	for ref := range candidates.all() {
		if subset(selector, s.pods.records[ref].labels) {
			selected = append(selected, ref)
		}
	}
	return selected
}

// subset says whether all pairs of part are in whole.
func subset(part, whole map[string]string) bool {
	for k, v := range part {
		if w, ok := whole[k]; !ok || w != v {
			return false
		}
	}
	return true
}

func equalLabels(a, b map[string]string) bool { return len(a) == len(b) && subset(a, b) }

func addTo(sets map[pair]*set[ir.Ref], p pair, ref ir.Ref) {
	if sets[p] == nil {
		sets[p] = &set[ir.Ref]{}
	}
	sets[p].add(ref)
}

func removeFrom(sets map[pair]*set[ir.Ref], p pair, ref ir.Ref) {
	if members := sets[p]; members != nil {
		members.remove(ref)
		if members.len() == 0 {
			delete(sets, p)
		}
	}
}
