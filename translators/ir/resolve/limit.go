package resolve

import (
	"slices"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// limited says whether a TrafficPolicy with a limit of requests targets a Service
// in a mesh whose provider limits them where it decides access. It holds whether
// or not that limit is in force: the namespace's unit leaves the pods to the
// access unit by it.
func (v *view) limited(ref ir.Ref, provider string) bool {
	if !v.store.options.needs(provider).RateLimit {
		return false
	}
	return slices.ContainsFunc(byAge[v1alpha1.TrafficPolicy](v, policiesOf, ref), func(p *v1alpha1.TrafficPolicy) bool {
		return p.Spec.RateLimit != nil
	})
}

// limitKeys are the access units of a Service, in those meshes whose provider
// limits requests there.
func (v *view) limitKeys(ref ir.Ref) []ir.Key {
	return slices.DeleteFunc(v.accessKeys(ref), func(key ir.Key) bool { return !v.needsOf(key.Mesh).RateLimit })
}

// limit is the limit that the unit of a Service comes to; nil where there is none.
// What is wrong with its policies is said by that unit.
func (v *view) limit(ref ir.Ref, mesh ir.Mesh) *ir.RateLimit {
	if !v.limited(ref, mesh.Provider) {
		return nil
	}
	r := v.within().resolveService(ref, mesh.Name)
	if r == nil {
		return nil
	}
	return r.destination().RateLimit
}
