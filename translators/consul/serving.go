package consul

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// annotationMeta begins the annotations of pods that become the metadata of
// their instances.
const annotationMeta = "consul.hashicorp.com/service-meta-"

// unserved says why the pods behind the Services of a unit cannot be what the
// unit takes them for: Consul knows a pod as one service, by the name that an
// annotation may give it.
func unserved(u *ir.ServiceUnit) (code, why string) {
	for i := range u.Serving {
		for j := range i {
			if a, b := &u.Serving[j], &u.Serving[i]; together(a.Workloads, b.Workloads) {
				return codeOverlap, fmt.Sprintf(
					"Services %s and %s select the same pods, and Consul knows a pod as one service: divide %s by subset, or give each Service pods of its own",
					a.Name, b.Name, u.Service.Name)
			}
		}
		if others := otherNames(u.Serving[i].Name, u.Serving[i].Workloads); len(others) > 0 {
			return codeOtherName, fmt.Sprintf(
				"pods of Service %s are the service %s to Consul, by their annotation %s: remove it from the pod template, or name the Service so",
				u.Serving[i].Name, strings.Join(others, ", "), annotationService)
		}
	}
	return "", ""
}

// together says whether two Services select a pod both.
func together(a, b []ir.Workload) bool {
	return slices.ContainsFunc(a, func(w ir.Workload) bool {
		return slices.ContainsFunc(b, func(other ir.Workload) bool { return reflect.DeepEqual(w, other) })
	})
}

// workloads are those behind a Service, as far as they are known.
func (t *table) workloads(service ir.ServiceName) []ir.Workload {
	for _, s := range t.unit.Serving {
		if s.ServiceName == service {
			return s.Workloads
		}
	}
	return nil
}

// marked reports pods whose annotations do not say what their labels do: the
// subset would have other pods than it was said to have.
func (t *table) marked(s *ir.Subset) {
	pods := t.workloads(ir.ServiceName{Namespace: t.unit.Service.Namespace, Name: t.unit.Service.Name})
	for i := range pods {
		labels, annotated := pods[i].Labels, true
		for key, value := range s.Labels {
			annotated = annotated && pods[i].Annotations[annotationMeta+key] == value
		}
		if chosen := selects(s.Labels, labels); chosen == annotated {
			continue
		}
		t.report(finding{Source: s.Source, Feature: ir.SplitBySubset, Code: codeUnmarked}.Reject(
			"Consul chooses the pods of a subset by their annotations, and those of the pods with labels %s differ: patch their Deployment with %s",
			labelText(labels), patch(s.Labels, labels)))
		return
	}
}

// patch repeats labels as the annotations that Consul reads; a label that the
// pods do not have has none.
func patch(wanted, labels map[string]string) string {
	annotations := map[string]*string{}
	for key := range wanted {
		annotations[annotationMeta+key] = nil
		if value, ok := labels[key]; ok {
			annotations[annotationMeta+key] = &value
		}
	}
	data, err := json.Marshal(annotations)
	if err != nil {
		return ""
	}
	return `{"spec":{"template":{"metadata":{"annotations":` + string(data) + `}}}}`
}

func labelText(labels map[string]string) string {
	terms := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		terms = append(terms, key+"="+labels[key])
	}
	return strings.Join(terms, ",")
}

// registers reports a port that requests are routed to while the pods behind it
// register another: Consul routes to one port of a pod, whatever was dialled.
func (t *table) registers(service ir.ServiceName, port ir.Port, source ir.Source) {
	var others []int32
	served := false
	pods := t.workloads(service)
	for i := range pods {
		for _, number := range registered(&ir.Service{Ports: []ir.Port{port}}, &pods[i]) {
			if slices.Contains(port.Targets, number) {
				served = true
			} else {
				others = append(others, number)
			}
		}
	}
	f := finding{Source: source, Code: codePort}
	slices.Sort(others)
	switch others = slices.Compact(others); {
	case len(others) == 0 || len(port.Targets) == 0:
	case served:
		t.report(f.Note(
			"Consul routes to the one port that a pod registers, and those of Service %s may register %s instead of %s: annotate them with %s",
			service.Name, numbers(others), numbers(port.Targets), annotationPort))
	default:
		t.report(f.Reject(
			"Consul routes to the one port that a pod registers, and those of Service %s register %s, not %s: annotate them with %s, or make a Service with pods of its own for the port",
			service.Name, numbers(others), numbers(port.Targets), annotationPort))
	}
}

func numbers(list []int32) string { return strings.Trim(fmt.Sprint(list), "[]") }
