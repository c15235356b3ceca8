package resolve

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// splitPlace is where in a split, and on which port, backends are named.
type splitPlace struct {
	port   ir.Port
	source ir.Source
}

func (r *serviceResolution) splitBackends(split *v1alpha1.TrafficSplit, refs []v1alpha1.SplitBackendRef, at splitPlace) []ir.Backend {
	var backends []ir.Backend
	for i, ref := range refs {
		place := splitPlace{at.port, at.source.At(fmt.Sprintf("[%d]", i))}
		var b ir.Backend
		if ref.Subset != nil {
			b = r.splitSubset(split, ref.Subset.Labels, place)
		} else {
			b = r.splitService(split, ref, place)
		}
		b.Weight = weight(ref.Weight)
		backends = append(backends, b)
	}
	r.checkWeights(backends, finding{source: at.source, target: splitTarget(split)})
	return backends
}

// checkWeights rejects backends of which none gets a request.
func (v *view) checkWeights(backends []ir.Backend, f finding) {
	for _, b := range backends {
		if b.Weight > 0 {
			return
		}
	}
	if len(backends) > 0 {
		f.effect, f.code = ir.EffectRejected, CodeInvalidValue
		v.report(f, "all weights are 0, which would answer every request with an error: give at least one backend a weight above 0")
	}
}

func weight(w *int32) int64 {
	if w == nil {
		return 1
	}
	return int64(*w)
}

// splitSubset is a part of the split's own Service.
func (r *serviceResolution) splitSubset(split *v1alpha1.TrafficSplit, labels map[string]string, at splitPlace) ir.Backend {
	name := subsetName(labels)
	f := finding{source: at.source.At("subset"), target: splitTarget(split)}
	switch {
	case len(r.service.Selector) == 0:
		f.effect, f.code = ir.EffectRejected, CodeInvalidTarget
		r.report(f, "Service %s has no selector, so it has no pods to choose from by label: name Services as backends", r.ref.Name)
	case r.selectsNone(labels):
		f.effect, f.code = ir.EffectNote, CodeSubsetEmpty
		r.report(f, "no pod of Service %s has the labels of the subset: its share of the requests fails until there is one", r.ref.Name)
	}
	r.labels[name] = labels
	return ir.Backend{Service: r.apex(at.port), Subset: name, Source: at.source}
}

// selectsNone says whether workloads are known of the Service and none of them
// has the labels.
func (r *serviceResolution) selectsNone(labels map[string]string) bool {
	for _, w := range r.pods {
		if subset(labels, w.labels) {
			return false
		}
	}
	return len(r.pods) > 0
}

// splitService is a Service of the split's namespace.
func (r *serviceResolution) splitService(split *v1alpha1.TrafficSplit, b v1alpha1.SplitBackendRef, at splitPlace) ir.Backend {
	ref := serviceRef(split.Namespace, string(b.Name))
	if ref == r.ref && (b.Port == 0 || int32(b.Port) == at.port.Number) {
		return ir.Backend{Service: r.apex(at.port), Weight: 1, Source: at.source}
	}
	if ref != r.ref && len(r.members(splitsOf, ref)) > 0 {
		r.report(finding{ir.EffectRejected, CodeBackendIsApex, at.source, splitTarget(split)},
			"Service %s is divided by a TrafficSplit itself: name its versions here instead", ref.Name)
	}
	number := int32(b.Port)
	if number == 0 {
		number = at.port.Number
	}
	found := r.backend(ref, number, finding{source: at.source, target: splitTarget(split)})
	if found.Service.Port.Protocol == ir.ProtocolUnknown {
		// The caller speaks the protocol of the port that it called.
		found.Service.Port.Protocol = at.port.Protocol
	}
	return found
}

// backend finds the port of a Service that requests go to. Where there is none,
// the backend is Invalid and the finding is reported.
func (v *view) backend(ref ir.Ref, port int32, f finding) ir.Backend {
	f.effect, f.code = ir.EffectUnresolved, CodeBackendNotFound
	b := ir.Backend{
		Service: ir.ServiceRef{Namespace: ref.Namespace, Name: ref.Name, Port: ir.Port{Number: port, Protocol: ir.ProtocolUnknown}},
		Weight:  1, Invalid: true, Source: f.source,
	}
	svc := v.service(ref)
	if svc == nil {
		v.report(f, "Service %s/%s does not exist: its share of the requests is answered with 500", ref.Namespace, ref.Name)
		return b
	}
	shown := v.irService(svc)
	b.Service.Host, b.Service.Namesakes = shown.Host, shown.Namesakes
	if svc.Spec.Type == corev1.ServiceTypeExternalName {
		v.report(f, "Service %s/%s is of type ExternalName and cannot be a backend: name a Service that selects pods", ref.Namespace, ref.Name)
		return b
	}
	found, ok := shown.Port(port)
	switch {
	case !ok:
		v.report(f, "Service %s/%s has no port %d: name one of %s", ref.Namespace, ref.Name, port, portNames(shown.Ports))
		return b
	case found.Protocol == ir.ProtocolUDP:
		f.code = CodeProtocolUnknown
		v.report(f, "port %d of Service %s/%s is UDP: requests cannot go there", port, ref.Namespace, ref.Name)
		return b
	}
	b.Service.Port = found
	b.Invalid = false
	return b
}
