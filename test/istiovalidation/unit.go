package istiovalidation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// surroundings are the objects that a resolved unit was resolved from, as far
// as it tells: the Services and workloads in it, the gateway's pods and its
// certificates, and its namespace as a member. The unit is found by its JSON
// form, wherever in it something looks like a Service.
func surroundings(in []byte) ([]any, error) {
	var golden struct{ Unit part }
	if err := yaml.Unmarshal(in, &golden); err != nil {
		return nil, fmt.Errorf("parse unit: %w", err)
	}
	f := finder{services: map[string]*corev1.Service{}}
	key := golden.Unit.inner("key")
	if key.text("mesh") != "" && key.text("kind") != "namespace" {
		f.objects = append(f.objects, namespace(key.text("namespace"), map[string]string{"istio-injection": "enabled"}))
	}
	golden.Unit.walk(f.visit)
	for _, s := range f.services {
		f.objects = append(f.objects, s)
		if len(s.Spec.Selector) > 0 {
			f.objects = append(f.objects, deployment(s.Namespace, s.Name, s.Spec.Selector))
		}
	}
	return f.objects, nil
}

// part is an object within a unit.
type part map[string]json.RawMessage

func read[T any](p part, field string) T {
	var value T
	// What has another form is not what was looked for.
	_ = json.Unmarshal(p[field], &value)
	return value
}

func (p part) text(field string) string              { return read[string](p, field) }
func (p part) inner(field string) part               { return read[part](p, field) }
func (p part) list(field string) []part              { return read[[]part](p, field) }
func (p part) labels(field string) map[string]string { return read[map[string]string](p, field) }

// walk visits the part and all within it.
func (p part) walk(visit func(part)) {
	visit(p)
	for field := range p {
		for _, inner := range append(p.list(field), p.inner(field)) {
			inner.walk(visit)
		}
	}
}

// finder collects what a unit tells of its surroundings.
type finder struct {
	objects  []any
	services map[string]*corev1.Service
}

func (f *finder) visit(p part) {
	if ns := p.text("namespace"); ns != "" && (p.text("host") != "" || p["selector"] != nil) {
		f.service(ns, p.text("name"), p.labels("selector"), append(p.list("ports"), p.inner("port")))
	}
	for _, c := range p.list("certificates") {
		f.objects = append(f.objects, &corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: meta(c.text("namespace"), c.text("name")), Type: corev1.SecretTypeTLS,
		})
	}
	for _, ns := range read[[]string](p, "namespaces") {
		f.objects = append(f.objects, outside(ns))
	}
	for i, w := range p.list("workloads") {
		f.objects = append(f.objects, deployment(w.text("namespace"), fmt.Sprintf("workload-%d", i), w.labels("labels")))
	}
	of := p.inner("service")
	for _, s := range p.list("subsets") {
		labels := maps.Clone(of.labels("selector"))
		maps.Copy(labels, s.labels("labels"))
		f.objects = append(f.objects, deployment(of.text("namespace"), of.text("name")+"-"+s.text("name"), labels))
	}
}

// service adds what one place in the unit tells of a Service.
func (f *finder) service(ns, name string, selector map[string]string, ports []part) {
	s := f.services[ns+"/"+name]
	if s == nil {
		s = service(ns, name, nil)
		f.services[ns+"/"+name] = s
	}
	if selector != nil {
		s.Spec.Selector = selector
	}
	for _, p := range ports {
		n := read[int32](p, "number")
		known := slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == n })
		if n != 0 && !known {
			s.Spec.Ports = append(s.Spec.Ports, service("", "", nil, n).Spec.Ports...)
		}
	}
}
