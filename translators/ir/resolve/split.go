package resolve

import (
	"fmt"
	"slices"
	"strings"

	"github.com/meshloom/meshloom/apis/v1alpha1"
	"github.com/meshloom/meshloom/translators/ir"
)

// deriveSplit finds the unit that a TrafficSplit gives existence to.
func (v *view) deriveSplit(ref ir.Ref) output {
	split := read[v1alpha1.TrafficSplit](v, ref)
	if split == nil {
		return output{}
	}
	return output{keys: v.serviceKeys(splitService(split))}
}

func splitService(split *v1alpha1.TrafficSplit) ir.Ref {
	return serviceRef(split.Namespace, string(split.Spec.Service.Name))
}

func splitTarget(split *v1alpha1.TrafficSplit) ir.Target {
	return ir.Target{Kind: kindService, Name: string(split.Spec.Service.Name)}
}

// addSplit takes the next younger split in. It holds the ports that no older
// one holds, whether it can be programmed or not.
func (r *serviceResolution) addSplit(split *v1alpha1.TrafficSplit, policies policyLevels) {
	source, issues := sourceOf(split), len(r.issues)
	r.participate(source, splitTarget(split))
	var tables []ir.PortRoutes
	for _, p := range r.win(split, r.claim(split)) {
		tables = append(tables, ir.PortRoutes{Port: p, Routes: r.splitTable(split, p, policies)})
	}
	if r.rejects(source.Ref, issues) || r.ex.Has(source.Ref, "") {
		r.idle(policies, split)
		return
	}
	for _, t := range tables {
		r.tables[t.Port.Number] = t
	}
}

// rejects says whether an issue since the given one rejects the object.
func (v *view) rejects(ref ir.Ref, since int) bool {
	return slices.ContainsFunc(v.issues[since:], func(i ir.Issue) bool {
		return i.Effect == ir.EffectRejected && i.Source.Ref == ref
	})
}

// claim returns the ports that the split is for.
func (r *serviceResolution) claim(split *v1alpha1.TrafficSplit) []ir.Port {
	f := finding{effect: ir.EffectRejected, source: sourceOf(split).At("spec.service.ports"), target: splitTarget(split)}
	if len(split.Spec.Service.Ports) == 0 {
		return r.claimAll(f)
	}
	var ports []ir.Port
	for i, asked := range split.Spec.Service.Ports {
		f.source = sourceOf(split).At(fmt.Sprintf("spec.service.ports[%d]", i))
		port, ok := r.service.Port(int32(asked.Port))
		if !ok {
			f.code = CodePortNotFound
			r.report(f, "Service %s has no port %d: name one of %s", r.ref.Name, asked.Port, portNames(r.service.Ports))
			continue
		}
		port = said(port, asked.Protocol)
		if !port.Protocol.HTTP() {
			f.code = CodeProtocolUnknown
			r.report(f, "port %s of Service %s is %s: set protocol here, or appProtocol on the Service port, to HTTP, HTTP2 or GRPC if it speaks that",
				portName(port), r.ref.Name, speaks(port.Protocol))
		}
		ports = append(ports, port)
	}
	return ports
}

func (r *serviceResolution) claimAll(f finding) []ir.Port {
	var ports []ir.Port
	for _, p := range r.service.Ports {
		if p.Protocol.HTTP() {
			ports = append(ports, p)
		}
	}
	if len(ports) == 0 {
		f.code = CodeProtocolUnknown
		r.report(f, "no port of Service %s is known to speak HTTP (%s): set appProtocol on the Service port, or name the port and its protocol in service.ports",
			r.ref.Name, portNames(r.service.Ports))
	}
	return ports
}

func speaks(p ir.Protocol) string {
	if p == ir.ProtocolUnknown {
		return "not known to speak HTTP"
	}
	return "known to speak " + string(p)
}

// win returns the ports of the claim that no older split holds, and holds them.
func (r *serviceResolution) win(split *v1alpha1.TrafficSplit, claim []ir.Port) []ir.Port {
	var won []ir.Port
	lost := map[string][]ir.Port{}
	for _, p := range claim {
		if holder := r.holder[p.Number]; holder != nil {
			if holder != split {
				lost[holder.Name] = append(lost[holder.Name], p)
			}
			continue
		}
		r.holder[p.Number] = split
		won = append(won, p)
	}
	f := finding{effect: ir.EffectPartial, code: CodeSplitConflict, source: sourceOf(split).At("spec.service"), target: splitTarget(split)}
	if len(won) == 0 {
		f.effect = ir.EffectRejected
	}
	for holder, ports := range lost {
		r.report(f, "TrafficSplit %s is older and speaks for port %s of Service %s: merge the two, or limit service.ports of one",
			holder, portNames(ports), r.ref.Name)
	}
	return won
}

// subset names a set of labels: readable, and by the labels alone.
func subsetName(labels map[string]string) string {
	keys := make([]string, 0, len(labels))
	for k := range labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	values := make([]string, len(keys))
	for i, k := range keys {
		values[i] = labels[k]
	}
	const room = 40 - 1 - 10
	name := dnsLabel(strings.Join(values, "-"), room)
	hash := digest(labels)[:10]
	if name == "" {
		return "s-" + hash
	}
	return name + "-" + hash
}

// dnsLabel makes a text part of a DNS label, of at most room bytes.
func dnsLabel(text string, room int) string {
	label := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-':
			return c
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A'
		}
		return '-'
	}, text)
	label = label[:min(len(label), room)]
	return strings.Trim(label, "-")
}
