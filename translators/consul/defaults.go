package consul

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshloom/meshloom/translators"
	"github.com/meshloom/meshloom/translators/ir"
)

// proxyTimeout is when the proxies of caller and callee give up a request where
// nobody says otherwise.
const proxyTimeout = 15 * time.Second

// unlimited is the longest time that a callee's proxy can be told to wait for
// its workload, in milliseconds: it cannot be told to wait for ever. It is the
// same whatever is asked for, so that no two callers contradict each other.
const unlimited int64 = 1<<31 - 1

// defaultsPart is a part in the ServiceDefaults of a service, which several
// units may have parts in.
func defaultsPart(service ir.ServiceName, source ir.Source, value any, path ...string) translators.Contribution {
	return translators.Contribution{
		Object: refTo(serviceDefaultsKind, service.Namespace, service.Name), Create: true,
		Path: append([]string{"spec"}, path...), Value: value, Source: source,
	}
}

// protocolPart says in the ServiceDefaults of a service what it speaks.
func protocolPart(service ir.ServiceName, source ir.Source, protocol ir.Protocol) translators.Contribution {
	return defaultsPart(service, source, l7Protocols[protocol], "protocol")
}

// defaults says the protocol of the Service and of all Services that its lines
// name: Consul routes nothing else, and nothing among services that differ.
func (t *table) defaults() {
	var sources []ir.Source
	for i := range t.lines {
		sources = append(sources, t.lines[i].Sources()...)
	}
	t.speaks(ir.ServiceName{Namespace: t.unit.Service.Namespace, Name: t.apex}, first(sources))
	if len(t.unit.Subsets) > 0 {
		t.after = append(t.after, t.ref(serviceResolverKind, t.apex))
	}
	for i := range t.lines {
		for j := range t.lines[i].Backends {
			if b := &t.lines[i].Backends[j]; b.Weight > 0 && !b.Invalid {
				t.backend(&t.lines[i], b)
			}
		}
	}
}

// first returns the first source that is an object's.
func first(sources []ir.Source) ir.Source {
	for _, s := range sources {
		if s.Name != "" {
			return s
		}
	}
	return ir.Source{}
}

// backend says what a line needs of one of its backends.
func (t *table) backend(r *ir.Route, b *ir.Backend) {
	service := ir.ServiceName{Namespace: b.Service.Namespace, Name: serviceName(b.Service)}
	if b.Service.Port.Protocol != t.port.Protocol {
		t.report(finding{Source: b.Source, Feature: ir.SplitByService, Code: codeProtocol}.Reject(
			"port %d of Service %s speaks %s and that of Service %s %s, which Consul cannot route between: set the same appProtocol on both",
			b.Service.Port.Number, b.Service.Name, b.Service.Port.Protocol, t.unit.Service.Name, t.port.Protocol))
		return
	}
	source := first(append([]ir.Source{b.Source}, r.Sources()...))
	t.speaks(service, source)
	t.registers(service, b.Service.Port, source)
	if request := r.Timeouts.Request; request != nil && (request.Duration.Duration == 0 || request.Duration.Duration > proxyTimeout) {
		t.contribute(defaultsPart(service, request.Source, unlimited, "localRequestTimeoutMs"))
	}
}

// speaks says that a service speaks the protocol of the table's port.
func (t *table) speaks(service ir.ServiceName, source ir.Source) {
	ref := refTo(serviceDefaultsKind, service.Namespace, service.Name)
	if slices.Contains(t.after, ref) {
		return
	}
	t.after = append(t.after, ref)
	t.contribute(protocolPart(service, source, t.port.Protocol))
}

// contribute adds a part, once.
func (t *table) contribute(part translators.Contribution) {
	if !slices.ContainsFunc(t.result.Contributions, func(c translators.Contribution) bool {
		return c.Object == part.Object && slices.Equal(c.Path, part.Path)
	}) {
		t.result.Contributions = append(t.result.Contributions, part)
	}
}

// virtualDefaults says the protocol of a service that is nothing but a name.
func (t *table) virtualDefaults(name string, sources []ir.Source) {
	spec := serviceDefaults{Protocol: l7Protocols[t.port.Protocol]}
	t.result.Objects = append(t.result.Objects, object(newEntry(serviceDefaultsKind, t.unit.Service.Namespace, name, spec), sources))
	t.targets = append(t.targets, t.ref(serviceDefaultsKind, name))
}

// ref names an entry of the unit's own namespace.
func (t *table) ref(kind schema.GroupVersionKind, name string) translators.ObjectRef {
	return refTo(kind, t.unit.Service.Namespace, name)
}

// nobody is the name of a service without instances, which answers 503. It is
// made once.
func (t *table) nobody() string {
	name := virtualName(t.apex, "nobody")
	if !t.empty {
		t.empty = true
		var sources []ir.Source
		for i := range t.lines {
			sources = append(sources, t.lines[i].Sources()...)
		}
		t.virtualDefaults(name, sources)
	}
	return name
}
