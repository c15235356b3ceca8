package linkerd

import (
	"encoding/json"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Two Servers that select the same port of the same pod leave it to chance which
// of them holds. So the pods that selectors select are divided into regions that
// have no pod in common, by labels alone: pods that are not there yet are
// governed from their first moment.

// maxRegions is how finely pods are divided. Services that overlap in more ways
// are closed together.
const maxRegions = 128

// region are the pods that have all labels of is and none of not.
type region struct {
	is  map[string]string
	not map[string][]string
	// in are the numbers of the selectors that select its pods.
	in []int
}

// and narrows the region to pods that have the label as well; ok is false where
// it has none of them.
func (r region) and(key, value string) (narrow region, ok bool) {
	if has, ok := r.is[key]; ok {
		return r, has == value
	}
	if slices.Contains(r.not[key], value) {
		return r, false
	}
	narrow = region{is: maps.Clone(r.is), not: maps.Clone(r.not), in: r.in}
	if narrow.is == nil {
		narrow.is = map[string]string{}
	}
	narrow.is[key] = value
	delete(narrow.not, key)
	return narrow, true
}

// but narrows the region to pods that do not have the label.
func (r region) but(key, value string) (narrow region, ok bool) {
	if has, ok := r.is[key]; ok {
		return r, has != value
	}
	narrow = region{is: r.is, not: maps.Clone(r.not), in: r.in}
	if narrow.not == nil {
		narrow.not = map[string][]string{}
	}
	if !slices.Contains(narrow.not[key], value) {
		narrow.not[key] = append(slices.Clone(narrow.not[key]), value)
		slices.Sort(narrow.not[key])
	}
	return narrow, true
}

// split divides the region into the pods that the selector selects, where there
// are any, and regions of the others.
func (r region) split(selector map[string]string) (inside []region, outside []region) {
	rest := r
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		narrow, ok := rest.and(key, selector[key])
		if !ok {
			return nil, []region{r}
		}
		if piece, ok := rest.but(key, selector[key]); ok {
			outside = append(outside, piece)
		}
		rest = narrow
	}
	return []region{rest}, outside
}

// regions divides all pods by the selectors. Those that no selector selects are
// in regions whose in is empty. It is nil where there would be too many.
func regions(selectors []map[string]string) []region {
	out := []region{{}}
	for i, selector := range selectors {
		var next []region
		for _, r := range out {
			inside, outside := r.split(selector)
			for _, part := range inside {
				part.in = append(slices.Clone(r.in), i)
				next = append(next, part)
			}
			next = append(next, outside...)
		}
		if len(next) > maxRegions {
			return nil
		}
		out = next
	}
	return out
}

// coarse returns regions that together have all pods of the selectors, and
// further ones that share a label with them: few, however the selectors overlap.
func coarse(selectors []map[string]string) []region {
	rest := region{}
	var out []region
	for _, selector := range selectors {
		key := slices.Min(slices.Collect(maps.Keys(selector)))
		if part, some := rest.and(key, selector[key]); some {
			out = append(out, part)
		}
		rest, _ = rest.but(key, selector[key])
	}
	return out
}

// minus leaves out the pods that any of the selectors selects.
func minus(list []region, selectors []map[string]string) []region {
	for _, selector := range selectors {
		var next []region
		for _, r := range list {
			_, outside := r.split(selector)
			next = append(next, outside...)
		}
		list = next
	}
	return list
}

// has says whether pods with the labels are in the region.
func (r region) has(labels map[string]string) bool {
	for key, value := range r.is {
		if labels[key] != value {
			return false
		}
	}
	for key, values := range r.not {
		if value, ok := labels[key]; ok && slices.Contains(values, value) {
			return false
		}
	}
	return true
}

// selector selects the pods of the region.
func (r region) selector() *metav1.LabelSelector {
	var not []metav1.LabelSelectorRequirement
	for _, key := range slices.Sorted(maps.Keys(r.not)) {
		not = append(not, metav1.LabelSelectorRequirement{
			Key: key, Operator: metav1.LabelSelectorOpNotIn, Values: slices.Clone(r.not[key]),
		})
	}
	return podSelector(r.is, not)
}

// key is equal for regions of the same labels.
func (r region) key() string {
	data, err := json.Marshal(r.selector())
	if err != nil { // plain data always marshals
		return err.Error()
	}
	return string(data)
}
