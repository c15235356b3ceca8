package consul

import (
	"strconv"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// refusals are the reasons why Consul can do nothing for the Service at all,
// said to every object that speaks of it.
func refusals(u *ir.ServiceUnit) []ir.Issue {
	code, why := refusal(u)
	if why == "" {
		return nil
	}
	var issues []ir.Issue
	for _, source := range ir.Origins(unitSources(u)...) {
		issues = append(issues, finding{Source: source, Code: code}.Reject("%s", why))
	}
	return issues
}

func refusal(u *ir.ServiceUnit) (code, why string) {
	switch http := httpPorts(u.Service.Ports); {
	case len(u.Service.Namesakes) > 0:
		return codeNamesake, namesakes(u.Service.Namespace, u.Service.Name, u.Service.Namesakes)
	case u.Service.Headless:
		return codeHeadless, "Service " + u.Service.Name + " is headless, and Consul routes requests to the address of a Service alone: give it a cluster IP"
	case len(http) > 1:
		return codeMultiPort, "Service " + u.Service.Name + " has several HTTP ports (" + strings.Join(http, ", ") +
			"), and Consul knows one port of a service: make a Service, with pods of its own, of every port"
	}
	for i := range u.Ports {
		for j := range u.Ports[i].Routes {
			for _, b := range u.Ports[i].Routes[j].Backends {
				if len(b.Service.Namesakes) > 0 {
					return codeNamesake, namesakes(b.Service.Namespace, b.Service.Name, b.Service.Namesakes)
				}
			}
		}
	}
	return unserved(u)
}

// namesakes says that Services of one name are one to Consul.
func namesakes(namespace, name string, others []string) string {
	return "Services named " + name + " are in the member namespaces " + namespace + " and " + strings.Join(others, ", ") +
		", and Consul, which has no namespaces, takes them for one service: rename one of them, or take its namespace out of the mesh"
}

func portName(p ir.Port) string {
	number := strconv.Itoa(int(p.Number))
	if p.Name == "" {
		return number
	}
	return number + " (" + p.Name + ")"
}

func httpPorts(ports []ir.Port) []string {
	var out []string
	for _, p := range ports {
		if p.Protocol.HTTP() {
			out = append(out, portName(p))
		}
	}
	return out
}

// unitSources are all objects that speak of the Service.
func unitSources(u *ir.ServiceUnit) []ir.Source {
	var sources []ir.Source
	for i := range u.Ports {
		for j := range u.Ports[i].Routes {
			sources = append(sources, u.Ports[i].Routes[j].Sources()...)
		}
	}
	return append(sources, u.Destination.Sources()...)
}
