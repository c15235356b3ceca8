package resolve

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshloom/meshloom/translators/ir"
)

// record is one kind of pod: all Pods (or the one template) that are alike.
// Records are immutable and named by their content.
type record struct {
	template
	ref ir.Ref
	// form is equal for records that show the same workload.
	form string
}

// workloads are the records with the objects that they stand for.
type workloads struct {
	records map[ir.Ref]*record
	users   map[ir.Ref]*set[ir.Ref]
	// recordOf maps Pods and controllers to the record in use for them.
	recordOf map[ir.Ref]ir.Ref
	// byLabel finds records by any label, services by one of their selector.
	byLabel  map[pair]*set[ir.Ref]
	services map[pair]*set[ir.Ref]
	anchors  map[ir.Ref]pair
	// ownerOf maps Pods to their controllers.
	ownerOf map[ir.Ref]ir.Ref
}

func newWorkloads() workloads {
	return workloads{
		records:  map[ir.Ref]*record{},
		users:    map[ir.Ref]*set[ir.Ref]{},
		recordOf: map[ir.Ref]ir.Ref{},
		byLabel:  map[pair]*set[ir.Ref]{},
		services: map[pair]*set[ir.Ref]{},
		anchors:  map[ir.Ref]pair{},
		ownerOf:  map[ir.Ref]ir.Ref{},
	}
}

func (t *template) record() *record {
	form, full := digest(t.workload), digest([]any{t.workload, t.labels, t.observed})
	return &record{
		template: *t, form: form,
		ref: ir.Ref{Kind: kindWorkload, Namespace: t.workload.Namespace, Name: full},
	}
}

func digest(v any) string {
	data, err := json.Marshal(v)
	if err != nil { // plain data always marshals
		return err.Error()
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:10])
}

// workload takes a Pod or a workload controller in. A controller stands for its
// pods only while none of them is known.
func (c *change) workload(ref ir.Ref, obj client.Object) {
	switch ref.Kind {
	case kindPod:
		c.owner(ref, obj)
		c.use(ref, c.store.options.templateOf(obj))
	case kindDeployment, kindStatefulSet, kindDaemonSet:
		c.controller(ref)
	}
}

// owner keeps count of the pods of controllers.
func (c *change) owner(pod ir.Ref, obj client.Object) {
	var now []entry
	if p, ok := obj.(*corev1.Pod); ok && c.store.options.templateOf(p) != nil {
		if owner, ok := controllerOf(p); ok {
			now = []entry{{topic{podsOf, owner}, pod}}
		}
	}
	before := c.store.pods.owned(pod)
	c.reindex(before, now)
	c.store.pods.own(pod, now)
	for _, e := range append(before, now...) {
		c.controller(e.topic.ref)
	}
}

// controller uses the template of a workload controller, or not.
func (c *change) controller(ref ir.Ref) {
	obj := c.store.objects[ref]
	if obj == nil || c.store.sets[topic{podsOf, ref}].len() > 0 {
		c.use(ref, nil)
		return
	}
	c.use(ref, c.store.options.templateOf(obj))
}

// use makes the object stand for the record of the template, or for none.
func (c *change) use(user ir.Ref, t *template) {
	w := &c.store.pods
	var next *record
	if t != nil {
		next = t.record()
	}
	old, had := w.recordOf[user]
	if had && next != nil && old == next.ref {
		return
	}
	if next != nil {
		w.recordOf[user] = next.ref
		if w.records[next.ref] == nil {
			c.addRecord(next)
		}
		w.users[next.ref].add(user)
	} else {
		delete(w.recordOf, user)
	}
	if had {
		w.users[old].remove(user)
		if w.users[old].len() == 0 {
			c.removeRecord(w.records[old])
		}
	}
}

func (c *change) addRecord(r *record) {
	w := &c.store.pods
	w.records[r.ref] = r
	w.users[r.ref] = &set[ir.Ref]{}
	for key, value := range r.labels {
		addTo(w.byLabel, pair{r.ref.Namespace, key, value}, r.ref)
	}
	for _, t := range r.topics() {
		c.join(entry{t, r.ref})
	}
	for _, svc := range c.store.servicesSelecting(r) {
		c.link(svc, r.ref)
	}
	if r.observed {
		c.keepDerived(r.ref, true)
	}
}

func (c *change) removeRecord(r *record) {
	w := &c.store.pods
	c.keepDerived(r.ref, false)
	for _, svc := range sortedRefs(c.store.sets[topic{servicesOf, r.ref}]) {
		c.unlink(svc, r.ref)
	}
	for _, t := range r.topics() {
		c.leave(entry{t, r.ref})
	}
	for key, value := range r.labels {
		removeFrom(w.byLabel, pair{r.ref.Namespace, key, value}, r.ref)
	}
	delete(w.records, r.ref)
	delete(w.users, r.ref)
}

func (r *record) topics() []topic {
	id := r.workload.Identity
	return []topic{
		{workloadsIn, namespaceRef(r.ref.Namespace)},
		{workloadsAs, ir.Ref{Kind: kindServiceAccount, Namespace: id.Namespace, Name: id.ServiceAccount}},
	}
}

func (c *change) link(svc, workload ir.Ref) {
	c.join(entry{topic{workloadsOf, svc}, workload})
	c.join(entry{topic{servicesOf, workload}, svc})
}

func (c *change) unlink(svc, workload ir.Ref) {
	c.leave(entry{topic{workloadsOf, svc}, workload})
	c.leave(entry{topic{servicesOf, workload}, svc})
}

// record returns a workload by its reference, as found in an index.
func (v *view) record(ref ir.Ref) *record { return v.store.pods.records[ref] }

// records returns the workloads of an index, in the order of units.
func (v *view) records(w what, ref ir.Ref) []*record {
	var found []*record
	for _, member := range v.members(w, ref) {
		found = append(found, v.record(member))
	}
	return found
}

// workloads shows records, deduplicated and sorted by labels.
func workloadsOfRecords(records []*record) []ir.Workload {
	records = slices.Clone(records)
	names := make(map[*record]string, len(records))
	for _, r := range records {
		names[r] = describe(r.workload)
	}
	slices.SortFunc(records, func(a, b *record) int {
		return cmp.Or(strings.Compare(names[a], names[b]), strings.Compare(a.form, b.form))
	})
	var shown []ir.Workload
	for i, r := range records {
		if i == 0 || records[i-1].form != r.form {
			shown = append(shown, r.workload)
		}
	}
	return shown
}

// describe names a workload for people, by namespace and labels.
func describe(w ir.Workload) string {
	pairs := make([]string, 0, len(w.Labels))
	for k, v := range w.Labels {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	if len(pairs) == 0 {
		pairs = []string{"no labels"}
	}
	return w.Namespace + " (" + strings.Join(pairs, ",") + ")"
}

// owned returns the entry of a pod with its controller.
func (w *workloads) owned(pod ir.Ref) []entry {
	if owner, ok := w.ownerOf[pod]; ok {
		return []entry{{topic{podsOf, owner}, pod}}
	}
	return nil
}

func (w *workloads) own(pod ir.Ref, now []entry) {
	delete(w.ownerOf, pod)
	for _, e := range now {
		w.ownerOf[pod] = e.topic.ref
	}
}
