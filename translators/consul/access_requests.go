package consul

import (
	"slices"
	"strings"

	"github.com/meshloom/meshloom/translators/ir"
)

// requests is a set of requests: all of them, or those that any of some
// permissions matches.
type requests struct {
	all  bool
	some []httpPermission
}

func everyRequest() requests { return requests{all: true} }

// admitted are requests of which every one is among the operations of an Allow
// rule, and all of them where Consul can say so. Methods and paths mean nothing
// where requests cannot be told apart.
func (in inbound) admitted(to []ir.Operation) requests {
	var r requests
	if len(to) == 0 {
		return everyRequest()
	}
	for i := range to {
		op := &to[i]
		narrow := len(op.Methods) > 0 || len(op.Paths) > 0
		switch {
		case !in.only(op.Ports):
		case !narrow:
			return everyRequest()
		case in.protocol != "":
			r.some = append(r.some, permissionsOf(op)...)
		}
	}
	return r
}

// denied are requests among which are all that the operations of a Deny rule
// match, and no more where Consul can say so.
func (in inbound) denied(to []ir.Operation) requests {
	var r requests
	if len(to) == 0 {
		return everyRequest()
	}
	for i := range to {
		op := &to[i]
		narrow := len(op.Methods) > 0 || len(op.Paths) > 0
		switch {
		case !in.perhaps(op.Ports):
		case !narrow || in.protocol == "" || !sayable(op):
			return everyRequest()
		default:
			r.some = append(r.some, permissionsOf(op)...)
		}
	}
	return r
}

// permissionsOf match what a sayable operation does, whatever the port. A
// prefix is the path itself and everything below it.
func permissionsOf(op *ir.Operation) []httpPermission {
	methods := slices.Compact(slices.Sorted(slices.Values(op.Methods)))
	if len(op.Paths) == 0 {
		return []httpPermission{{Methods: methods}}
	}
	var out []httpPermission
	for _, path := range op.Paths {
		prefix := strings.TrimSuffix(path.Value, "/")
		switch {
		case path.Type == ir.PathExact:
			out = append(out, httpPermission{PathExact: path.Value, Methods: methods})
		case prefix == "":
			out = append(out, httpPermission{PathPrefix: "/", Methods: methods})
		default:
			out = append(out, httpPermission{PathExact: prefix, Methods: methods}, httpPermission{PathPrefix: prefix + "/", Methods: methods})
		}
	}
	return out
}

// consulMethods are the methods that Consul knows; it refuses others.
var consulMethods = []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}

// sayable says whether Consul can compare the methods and paths of an
// operation as the IR means them.
func sayable(op *ir.Operation) bool {
	return !slices.ContainsFunc(op.Methods, func(m string) bool { return !slices.Contains(consulMethods, m) }) &&
		!slices.ContainsFunc(op.Paths, func(p ir.PathMatch) bool { return !comparablePath(p) })
}

func comparablePath(p ir.PathMatch) bool {
	return p.Type != ir.PathRegex && (strings.HasPrefix(p.Value, "/") || p.Type == ir.PathPrefix && p.Value == "")
}
